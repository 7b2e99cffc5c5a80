"""pfSense's config.xml as text: its elements and their places, reading and writing."""
