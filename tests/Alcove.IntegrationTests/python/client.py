"""What the Python SDK sends, in the standard library's words: one class a plane, JSON codec, HTTP/1.1.

Run as a script it walks through the guide's section 3 and the polling watcher and prints one JSON line a check.
"""
import base64
import http.client
import json
import os
import sys
import time
import urllib.parse
import uuid

API = urllib.parse.urlsplit(os.environ["E2B_API_URL"])
SANDBOXES = urllib.parse.urlsplit(os.environ["E2B_SANDBOX_URL"])
AGENT = "e2b-python-sdk/2.51.0"


class RpcError(Exception):
    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class Sandbox:
    """A sandbox as the Python SDK holds it."""

    def __init__(self, template="base", **options):
        # The older generation fills in its own defaults before it sends.
        body = {"templateID": template, "timeout": 300, "secure": True, "allow_internet_access": True, "autoPause": False, **options}
        status, answer = call_api("POST", "/sandboxes", body)
        assert status == 201, answer
        self.id, self.token = answer["sandboxID"], answer.get("envdAccessToken")

    def kill(self):
        return call_api("DELETE", f"/sandboxes/{self.id}")[0] == 204

    def headers(self, user=None):
        headers = {"E2b-Sandbox-Id": self.id, "E2b-Sandbox-Port": "49983", "User-Agent": AGENT}
        if self.token:
            headers["X-Access-Token"] = self.token
        if user:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:".encode()).decode()
        return headers

    def unary(self, path, message, user=None):
        headers = self.headers(user) | {"Content-Type": "application/json", "Connect-Protocol-Version": "1", "Connect-Timeout-Ms": "60000"}
        status, _, body = request(SANDBOXES, "POST", path, json.dumps(message).encode(), headers)
        answer = json.loads(body)
        if status != 200:
            raise RpcError(answer.get("code"), answer.get("message"))
        return answer

    def stream(self, path, message, timeout=60, user=None):
        """The messages of a server stream, up to its end; an error in the end raises."""
        payload = json.dumps(message).encode()
        headers = self.headers(user) | {
            "Content-Type": "application/connect+json", "Connect-Protocol-Version": "1", "Connect-Content-Encoding": "identity",
            "Connect-Timeout-Ms": str(timeout * 1000), "Keepalive-Ping-Interval": "50"}
        connection = http.client.HTTPConnection(SANDBOXES.hostname, SANDBOXES.port, timeout=timeout + 10)
        try:
            connection.request("POST", path, b"\0" + len(payload).to_bytes(4, "big") + payload, headers)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            while True:
                head = answer.read(5)
                flags, body = head[0], json.loads(answer.read(int.from_bytes(head[1:], "big")))
                if flags & 2:
                    if "error" in body:
                        raise RpcError(body["error"]["code"], body["error"].get("message"))
                    return
                yield body
        finally:
            connection.close()

    def run(self, command, timeout=60, user=None, envs=None):
        process = {"cmd": "/bin/bash", "args": ["-l", "-c", command], "envs": envs or {}}
        out, err, end, first = b"", b"", None, None
        for message in self.stream("/process.Process/Start", {"process": process, "stdin": False}, timeout, user):
            event = message["event"]
            first = first or event
            out += base64.b64decode(event.get("data", {}).get("stdout", ""))
            err += base64.b64decode(event.get("data", {}).get("stderr", ""))
            end = event.get("end", end)
        assert "start" in first, first
        return out.decode(), err.decode(), end.get("exitCode", 0)

    def write(self, path, data):
        boundary = uuid.uuid4().hex
        body = (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{path}"\r\n'
                f"Content-Type: application/octet-stream\r\n\r\n").encode() + data.encode() + f"\r\n--{boundary}--\r\n".encode()
        query = urllib.parse.urlencode({"path": path})
        headers = self.headers() | {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        status, _, answer = request(SANDBOXES, "POST", f"/files?{query}", body, headers)
        assert status == 200, answer
        return json.loads(answer)

    def read(self, path):
        status, headers, body = request(SANDBOXES, "GET", "/files?" + urllib.parse.urlencode({"path": path}), None, self.headers())
        return status, headers, body


def request(base, method, path, body, headers):
    connection = http.client.HTTPConnection(base.hostname, base.port, timeout=90)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def call_api(method, path, body=None):
    headers = {"X-API-KEY": os.environ["E2B_API_KEY"], "Content-Type": "application/json", "User-Agent": AGENT}
    status, _, answer = request(API, method, path, json.dumps(body).encode() if body is not None else None, headers)
    return status, json.loads(answer) if answer else None


def runs_commands_and_files(sandbox):
    assert sandbox.run("echo 'Hello from the sandbox!'") == ("Hello from the sandbox!\n", "", 0)
    assert sandbox.write("/home/user/hello.py", "print('Hello world')") == [{"path": "/home/user/hello.py", "name": "hello.py", "type": "file"}]
    assert sandbox.run("python3 /home/user/hello.py")[0] == "Hello world\n"
    names = [e["name"] for e in sandbox.unary("/filesystem.Filesystem/ListDir", {"path": "/home/user", "depth": 1})["entries"]]
    assert "hello.py" in names and names == sorted(names), names
    assert sandbox.run("exit 4")[2] == 4


def reads_files(sandbox):
    sandbox.write("/home/user/plain.txt", "plain")
    status, headers, body = sandbox.read("/home/user/plain.txt")
    assert (status, body, headers["content-length"]) == (200, b"plain", "5"), (status, headers.items(), body)
    sandbox.write("/home/user/empty.txt", "")
    status, headers, body = sandbox.read("/home/user/empty.txt")
    assert (status, body, headers["content-length"]) == (200, b"", "0")
    assert sandbox.read("/home/user/missing")[0] == 404


def polls_a_watcher(sandbox):
    watcher = sandbox.unary("/filesystem.Filesystem/CreateWatcher", {"path": "/home/user", "recursive": False})["watcherId"]
    events = lambda: sandbox.unary("/filesystem.Filesystem/GetWatcherEvents", {"watcherId": watcher}).get("events", [])
    assert events() == []
    sandbox.write("/home/user/watched.txt", "x")
    end, seen = time.monotonic() + 5, []
    while not seen and time.monotonic() < end:
        seen = events()
    assert seen[0]["name"] == "watched.txt" and seen[0]["type"] == "EVENT_TYPE_CREATE", seen
    sandbox.unary("/filesystem.Filesystem/RemoveWatcher", {"watcherId": watcher})
    try:
        events()
        raise AssertionError("a removed watcher still answers")
    except RpcError as error:
        assert error.code == "not_found", error


def reports_errors(sandbox):
    for path, message, code in [
            ("/filesystem.Filesystem/Stat", {"path": "/no/such"}, "not_found"),
            ("/process.Process/SendSignal", {"process": {"pid": 999999}, "signal": "SIGNAL_SIGKILL"}, "not_found")]:
        try:
            sandbox.unary(path, message)
            raise AssertionError(path)
        except RpcError as error:
            assert error.code == code, error
    try:
        sandbox.run("sleep 5", timeout=1)
        raise AssertionError("no timeout")
    except RpcError as error:
        assert error.code == "deadline_exceeded", error


def takes_the_newer_create(sandbox):
    status, answer = call_api("POST", "/v2/sandboxes", {"templateID": "base"})
    assert status == 201 and answer["envdAccessToken"], answer
    status, _ = call_api("DELETE", f"/sandboxes/{answer['sandboxID']}")
    assert status == 204


CHECKS = [runs_commands_and_files, reads_files, polls_a_watcher, reports_errors, takes_the_newer_create]

if __name__ == "__main__":
    shared = Sandbox()
    try:
        for check in CHECKS:
            try:
                check(shared)
                print(json.dumps({"name": check.__name__, "passed": True}))
            except Exception as error:  # every check is reported, whatever it meets
                print(json.dumps({"name": check.__name__, "passed": False, "error": f"{type(error).__name__}: {error}"}))
    finally:
        assert shared.kill()
