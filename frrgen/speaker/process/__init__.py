"""The process of a speaker: its life, its sources, and how it is asked."""
