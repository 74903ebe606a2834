"""Why this program refuses to run on a database.

UnfitDatabase       give up and tell the operator; trying again changes nothing
|-- NotDurable      a server setting could lose a commit that was acknowledged
`-- WrongSchema     the schema is not the one this program was written for
"""


class UnfitDatabase(RuntimeError):
    """The database answers, but this program must not use it."""


class NotDurable(UnfitDatabase):
    """`setting` is `found` on the server, and must be `wanted`."""

    def __init__(self, setting: str, found: str, wanted: str) -> None:
        super().__init__(f"Postgres setting {setting} is {found}; it must be {wanted}")
        self.setting = setting
        self.found = found
        self.wanted = wanted


class WrongSchema(UnfitDatabase):
    """The database is at revision `found` (None: it has no schema), not at `wanted`."""

    def __init__(self, found: str | None, wanted: str | None) -> None:
        super().__init__(
            f"the database is at schema version {found or 'none'}, this program needs"
            f" {wanted or 'none'}: run `flashsale migrate`"
        )
        self.found = found
        self.wanted = wanted
