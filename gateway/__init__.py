"""HTTP: what storefronts, operations staff and payment providers call.

Rooms
-----
``app.py``         puts the application together; ``serve.py`` runs it on a socket
``process.py``     what one gateway process is made of, handed to every subject
``subject.py``     what a subject gives the process; ``subjects.py`` lists them
``settings.py``    the gateway's part of the environment
``outer.py``       around everything: request id, limits on the body, CORS, metrics
``problems.py``    every refusal in one table; ``exceptions.py`` turns what was raised into one
``requests.py``    request bodies, decoded strictly
``openapi.py``     the document of every operation, the raw ones included
``purchase/``      POST /orders
``orders/``        what buyers see and do with their orders
``payments/``      paying, refunds, provider webhooks
``accounts/``      people, passwords, tokens
``catalogue/``     products and their pictures
``sales/``         sales: drafts, opening to closing, live numbers
``operations/``    health, metrics, audit, logs
``pages/``         storefront, console, API reference

Imports ``lua``, ``migrations``, and of settlement its jobs, providers, laws and stock moves.
"""
