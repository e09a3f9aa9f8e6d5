"""The assistant's ink on the page, between courseware and compositing."""
