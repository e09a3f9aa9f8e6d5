"""The LCD, where it hangs at this box: courseware drawn on it, and since when each page stands there."""
