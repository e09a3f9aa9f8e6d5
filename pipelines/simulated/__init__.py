"""A classroom that needs no hardware: a page on an LCD, seen by a fixed camera, with a teacher before it."""
