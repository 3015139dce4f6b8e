"""Talks to everyone in the Lobby through Teahouse's simple protocol, as a first WebSocket tutorial would.

    pip install websocket-client
    python3 tutorial_everyone.py 小明 [ws://127.0.0.1:3000]

Each line that you type goes to everyone; what others write is printed. Ends with the input (Ctrl+D).
"""

import json
import sys
import threading
import urllib.parse

import websocket

nickname = sys.argv[1] if len(sys.argv) > 1 else input("nickname: ")
server = sys.argv[2] if len(sys.argv) > 2 else "ws://127.0.0.1:3000"


def read():
    """Prints what arrives until the connection ends."""
    while True:
        try:
            text = ws.recv()
        except (OSError, websocket.WebSocketException):
            return
        if not text:
            return
        reply = json.loads(text)
        if "error" in reply:
            print(f"! {reply['message']}", flush=True)
        elif "from_user" in reply:
            print(f"{reply['from_user']} (to you): {reply['msg']}", flush=True)
        else:
            print(f"{reply['username']}: {reply['msg']}", flush=True)


ws = websocket.create_connection(f"{server}/{urllib.parse.quote(nickname, safe='')}")
reader = threading.Thread(target=read, daemon=True)
reader.start()

while True:
    try:
        line = input()
        ws.send(json.dumps({"username": nickname, "msg": line}))
    except (EOFError, OSError, websocket.WebSocketException):
        break

# Errors are the only answers of the simple protocol: give one to the last line a moment to arrive.
reader.join(timeout=1)
ws.close()
