"""The page that people look at, and decide on where ``COR_WEB_DECISIONS`` says so: server-rendered, without scripts.

``app.py``     the application: addresses, headers of every answer, what is said where something fails
``decisions/`` forms, and what becomes of them; it alone writes
``pages/``     a screen each, which only reads: what it reads, and what its template is given
``site.py``    what all screens work with, and the frame around each
``exports.py`` tables as files
``words.py``   labels, states and headings, each once
``formats.py`` amounts, times and states as people read them
``templates/`` the screens
"""
