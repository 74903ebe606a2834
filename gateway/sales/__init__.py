"""Sales: from draft to closed, and their numbers while they run.

``sale.py``         how a sale is shown, and the word for its state
``sale_rows.py``    the SQL of sales and their items
``store_numbers.py``  what the store says of a sale now
``read_sale.py``    both together: a sale as it is now
``create_sale.py``  POST /sales
``run_sale.py``     POST /sales/{id}/open, /pause, /resume, /close
``change_units.py`` POST /sales/{id}/items/{product_id}/units
``show_sales.py``   GET /sales, GET /sales/{id}
``watch.py``        one poller for every sale that somebody watches
``stream.py``       GET /sales/{id}/events
"""
