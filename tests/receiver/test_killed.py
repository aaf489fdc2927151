"""A real receiver, killed with SIGKILL while bytes come in: what it said to have, it has."""

from __future__ import annotations

import http.client
import json
import random
import ssl
import threading
from pathlib import Path

from sync import network
from tests.receiver.volumes import make_volume
from tests.receiver_kit import Receiver, running_receiver, svidok

VOLUME = make_volume(11)
KILLS = 8


class Line:
    """One connection that speaks tus."""

    def __init__(self, receiver: Receiver, token: bytes) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._http = http.client.HTTPSConnection("127.0.0.1", receiver.port, timeout=30, context=context)
        self._head = {"Tus-Resumable": network.TUS, "Authorization": network.bearer(token)}

    def ask(self, method: str, path: str, body: bytes | None = None, **more: str) -> http.client.HTTPResponse:
        headers = {**self._head, **{name.replace("_", "-"): value for name, value in more.items()}}
        self._http.request(method, path, body, headers)
        answer = self._http.getresponse()
        answer.read()
        return answer

    def offset(self, path: str) -> int:
        """What is durable, as it says."""
        answer = self.ask("HEAD", path)
        assert answer.status == 200, answer.status
        return int(answer.headers["Upload-Offset"])

    def send(self, path: str, offset: int, data: bytes) -> int:
        """Sends on; gives what it then has."""
        answer = self.ask("PATCH", path, data, Upload_Offset=str(offset), Content_Type=network.OFFSET_BODY)
        assert answer.status == 204, answer.status
        return int(answer.headers["Upload-Offset"])

    def close(self) -> None:
        self._http.close()


def test_a_receiver_killed_while_bytes_come_in_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(41)
    with running_receiver(tmp_path) as receiver:
        (token,) = receiver.give(1)
        line = Line(receiver, token)
        made = line.ask("POST", network.UPLOADS, VOLUME[:20_000], Upload_Length=str(len(VOLUME)),
                        Content_Type=network.OFFSET_BODY)  # fmt: skip
        assert made.status == 201
        path = made.headers["Location"]
        said = int(made.headers["Upload-Offset"])
        assert said == 20_000
        for number in range(KILLS):
            said = line.send(path, said, VOLUME[said : said + chance.randrange(1, 60_000)])
            killer = threading.Timer(chance.random() * 0.02, receiver.kill)
            killer.start()
            try:
                # All but the last kills come before the volume can be whole.
                end = len(VOLUME) if number == KILLS - 1 else said + 70_000
                said = line.send(path, said, VOLUME[said:end])
            except (OSError, http.client.HTTPException):
                pass
            finally:
                killer.join()
                line.close()
            receiver.start()
            line = Line(receiver, token)
            has = line.offset(path)
            assert has >= said
            said = has
        if said < len(VOLUME):
            said = line.send(path, said, VOLUME[said:])
        last = line.ask("HEAD", path)
        assert int(last.headers["Upload-Offset"]) == len(VOLUME)
        assert network.R1_HEADER in last.headers
        line.close()
        receiver.stop()
        report = json.loads(svidok("receiver", "fsck", "--deep", "--json", "--home", receiver.home).stdout)
        assert (report["findings"], report["volumes"], report["uploads"]) == ([], 1, 0)
        (volume,) = (receiver.home / "receiver" / "volumes").glob("*/*.vol")
        assert volume.read_bytes() == VOLUME
