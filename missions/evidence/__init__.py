"""The chain of custody, exports, what leaves a department, and how long things are kept."""
