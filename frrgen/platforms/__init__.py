"""What each platform adds: one folder each, and nothing of a platform outside its folder."""
