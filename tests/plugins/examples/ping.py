"""The smallest command there is. Copy me."""
from marshmallow import Schema, fields
from tracker import Command, missing

class Ping(Command):
    """Answer with what was sent. Returns `{"Pong": str}`."""
    name = "system.ping"
    permission = None            # any credential; `anyone` = none, limited per address; or a name
    rate_limit = "100 per 60 seconds"
    errors = (missing("Say", 1),)
    example = ({"Say": "hi"}, {"Pong": "hi"})

    class Params(Schema):
        Say = fields.String(required=True)

    def run(self, params):
        return {"Pong": params["Say"]}
