"""Uploads to a gateway that refuses them, and prints what came of each as a JSON array.

Arguments: port, file of the authority (empty for plain HTTP), framing, number of uploads, bytes of each.
"""

import json
import ssl
import sys
from http.client import HTTPConnection, HTTPSConnection

try:
    import requests
except ImportError:
    requests = None

PIECE = 50_000
TIMEOUT = 40
port, authority, framing, times, size = sys.argv[1:6]
body = b"x" * int(size)


def payload():
    if framing == "length":
        return body
    return (body[at : at + PIECE] for at in range(0, len(body), PIECE))


def by_requests():
    session = requests.Session()
    session.trust_env = False
    scheme = "https" if authority else "http"
    url = f"{scheme}://127.0.0.1:{port}/"
    answer = session.post(url, data=payload(), verify=authority or True, timeout=TIMEOUT)
    return answer.status_code, answer.headers.get("content-type"), answer.content


def by_http_client():
    if authority:
        context = ssl.create_default_context(cafile=authority)
        connection = HTTPSConnection("127.0.0.1", int(port), context=context, timeout=TIMEOUT)
    else:
        connection = HTTPConnection("127.0.0.1", int(port), timeout=TIMEOUT)
    # A body of unknown length is sent chunked.
    connection.request("POST", "/", payload())
    answer = connection.getresponse()
    return answer.status, answer.getheader("content-type"), answer.read()


def outcome():
    try:
        status, kind, content = by_requests() if requests else by_http_client()
        return f"{status} {kind} {json.loads(content).get('code')}"
    except Exception as error:
        return repr(error)


print(json.dumps([outcome() for _ in range(int(times))]))
