"""People: who they are, how they prove it, and what they may do.

``tokens.py``          access tokens, issued and checked by PyJWT
``guards.py``          signed in, admin: what routes put before themselves
``revocations.py``     tokens that ended early, in this process's memory
``revoke.py``          ends sessions: in Postgres, in the store, told to every gateway
``sessions.py``        refresh tokens: a rotated chain a session
``passwords.py``       hashes in a bounded pool of threads; how strong a new one must be
``check_password.py``  the one place where a password is looked at
``lock_out.py``        failed attempts per e-mail, known or not
``users.py``           the rows of people, and how they are shown
``register.py`` ``sign_in.py`` ``refresh.py`` ``sign_out.py`` ``profile.py``   the routes
``create_admin.py``    the first admin, from a command line

A session is one sign-in: its id is the family of its refresh tokens and the ``sid`` of its access
tokens.
"""
