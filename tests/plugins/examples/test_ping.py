from tracker import Caller

from ping import Ping


def test_ping_answers_what_was_sent():
    command = Ping(Caller(user_id=1), services=None, now=0)
    assert command.run({"Say": "hi"}) == {"Pong": "hi"}
