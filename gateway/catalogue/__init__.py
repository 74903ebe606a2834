"""Products: what is listed, at what price, how many are on hand.

``product.py``          how a product is shown
``product_rows.py``     the SQL of products; ``product_columns.py``: what they get from other tables
``create_product.py``   POST /products
``list_products.py``    GET /products
``show_product.py``     GET /products/{id}, with its sale and what can be bought now
``change_product.py``   price, discount, stock, name, activity; one field and one version at a time
``delete_product.py``   DELETE /products/{id}
``prices.py``           what a change of price means
"""
