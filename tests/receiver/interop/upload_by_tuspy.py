"""One volume by tuspy: FILE ENDPOINT BEARER CHUNK; prints the receipt. Runs in an environment of its own."""

import sys
import warnings

from tusclient.client import TusClient

warnings.simplefilter("ignore")
file, endpoint, bearer, chunk = sys.argv[1:]
client = TusClient(endpoint, headers={"Authorization": bearer})
size = {"chunk_size": int(chunk)} if chunk != "0" else {}
uploader = client.uploader(file, retries=5, retry_delay=0, verify_tls_cert=False, **size)
uploader.upload()
print(uploader.request.response_headers["svidok-r1"])
