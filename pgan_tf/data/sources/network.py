"""Whether there is a network, before tensorflow-datasets retries for long."""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable

TIMEOUT_SECONDS = 20
_MAX_HOSTS = 3  # to be tried; one that answers will do


def reach(urls: Iterable[str]) -> None:
    """Fails at once if none of the first hosts of these addresses answers.

    Any answer is one, such as that the page is not found. Without an address
    that begins with http there is nothing to try.

    Raises:
        ConnectionError: Names the first host, and what happened.
    """
    split = map(urllib.parse.urlsplit, urls)
    hosts = {
        f"{url.scheme}://{url.netloc}/": None  # in this order
        for url in split
        if url.scheme in ("http", "https")
    }
    failures = []
    for host in list(hosts)[:_MAX_HOSTS]:
        try:
            with urllib.request.urlopen(host, timeout=TIMEOUT_SECONDS):
                return
        except urllib.error.HTTPError:
            return
        except OSError as error:
            reason = getattr(error, "reason", error)
            failures.append(f"no answer from {host}: {reason}")
    if failures:
        raise ConnectionError(failures[0])
