"""The fast path: `POST /orders`, a raw ASGI handler around one script call.

``place_order.py``  the handler: token, body, sold-out memory, reserve, answer
``lean_token.py``   the check of an access token, twenty lines instead of PyJWT's
``order_body.py``   what a client may send
``reserving.py``    one reserve, asked again once when its answer was lost or its gate moved
``pipe.py``         one connection to the store; commands of one event-loop turn leave together
``open_sales.py``   which sale sells a product, in this process's memory
``sold_out.py``     which items are certainly sold out, and who must ask all the same
``answers.py``      the bytes of every answer
``document.py``     the operation, for the OpenAPI document
"""
