"""What does Flask itself allow? The floor of every ratio: a bare JSON echo."""

from flask import Flask, jsonify, request

app = Flask(__name__)


@app.post("/api/v1/event")
def echo():  # type: ignore[no-untyped-def]
    return jsonify(request.get_json())
