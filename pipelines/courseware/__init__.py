"""Courseware: what the LCD shows. PDF, pictures, films, shared screens, and the built-in lesson.

courseware = open_courseware("demo", (1280, 720))
courseware.page()  # the newest Page, at once
courseware.turn(+1)  # instant: the neighbours are drawn beforehand
"""
