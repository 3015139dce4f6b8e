"""Writes to everyone in the Lobby through Teahouse's simple protocol, and is the same user each time.

    pip install websocket-client
    python3 same_user.py robot token.txt "it is done" [http://127.0.0.1:3000]

The first time it makes a session and keeps its token in the file; whoever has that token is this user. Without it, each
run would be somebody new, who leaves directs behind that nobody can answer.
"""

import json
import os
import sys
import urllib.parse
import urllib.request

import websocket

nickname, token_file, text = sys.argv[1:4]
server = sys.argv[4] if len(sys.argv) > 4 else "http://127.0.0.1:3000"


def new_session():
    """Comes in as a new guest; gives the token to come back with."""
    body = json.dumps({"nickname": nickname}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{server}/api/session", body)) as answer:
        return json.load(answer)["token"]


if os.path.exists(token_file):
    with open(token_file) as file:
        token = file.read()
else:
    token = new_session()
    with open(os.open(token_file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(token)

address = server.replace("http", "ws", 1) + "/" + urllib.parse.quote(nickname, safe="")
ws = websocket.create_connection(address, header={"Authorization": f"Bearer {token}"})
ws.send(json.dumps({"msg": text}))

# Errors are the only answers: give one a moment to arrive.
ws.settimeout(1)
try:
    while reply := ws.recv():
        if "error" in json.loads(reply):
            sys.exit(json.loads(reply)["message"])
except websocket.WebSocketTimeoutException:
    pass
ws.close()
