"""Where the LCD is in the camera's picture, and how the camera sees it: measured, judged, stored.

From a pattern that the LCD shows for some seconds (`measure`, `from_pattern`), or from the courseware itself.
While teaching a `Watcher` keeps it right.
"""
