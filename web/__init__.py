"""The page that people look at: server-rendered, reading only, usable without scripts.

``app.py``     the application: addresses, headers of every answer, what is said where something fails
``pages/``     a screen each: what it reads, and what its template is given
``words.py``   labels, states and headings, each once
``formats.py`` amounts, times and states as people read them
``templates/`` the screens
"""
