"""Pages for people; nothing is loaded from elsewhere.

``page.py``         a page from a file, with the headers that keep it harmless
``reference.py``    GET /docs: the API reference, made in the browser from the OpenAPI document
"""
