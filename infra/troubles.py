"""What keeps us from a server that is there, in a sentence: accounts, certificates, the wrong protocol.

The client libraries say it in their logs at best, and then go on trying.
"""

from __future__ import annotations

import asyncio
import logging
import ssl

from infra.settings import Settings

_SECONDS = 10


def kafka_refusal(settings: Settings, silence: bool = True) -> str | None:
    """Why the first broker that listens will not have us, with what to look at; None if it does or none listens.

    ``silence``: whether one that takes connections and does not answer is a refusal.
    """
    for broker in settings.kafka_bootstrap.split(","):
        host, _, port = broker.strip().rpartition(":")
        try:
            asyncio.run(asyncio.wait_for(_ask(settings, host, int(port)), _SECONDS))
            return None
        except (ConnectionRefusedError, OSError, ValueError) as error:
            if isinstance(error, ssl.SSLError):
                return _tls(broker, error, "KPISTREAM_KAFKA_CA", "KPISTREAM_KAFKA_SECURITY")
            if isinstance(error, ConnectionResetError):
                return _hung_up(settings, broker)
        except TimeoutError:
            return f"{broker} takes connections and does not answer within {_SECONDS} s" if silence else None
        except Exception as error:
            return _refused(settings, broker, error)
    return None


def clickhouse_refusal(error: Exception, where: str) -> str:
    """What a failure of clickhouse_driver means, in one line."""
    said = (str(error).strip() or type(error).__name__).splitlines()
    text = " ".join(said[:2] if said[0].startswith("Code:") else said[:1])
    if "CERTIFICATE_VERIFY_FAILED" in text or "WRONG_VERSION_NUMBER" in text:
        return _tls(where, text, "KPISTREAM_CLICKHOUSE_CA", "KPISTREAM_CLICKHOUSE_TLS")
    if "Authentication failed" in text:
        return f"{where} refuses the account: no such user, or a wrong password"
    if type(error).__name__ == "SocketTimeoutError":  # of the driver, which takes its time to load
        return f"{where} takes connections and does not answer in time: it stands still, or has too much to do"
    if "Connection refused" in text:
        return f"nothing listens at {where}: try kpistream doctor"
    if "Connection reset" in text or "Unexpected EOF" in text:
        return f"{where} hangs up: it may just have ended; if it expects TLS, set KPISTREAM_CLICKHOUSE_TLS=true"
    return text.split(" Stack trace")[0][:200]


async def _ask(settings: Settings, host: str, port: int) -> None:
    from aiokafka.client import AIOKafkaClient  # only those who ask load it
    from aiokafka.conn import create_conn

    options = settings.kafka_options() | {"request_timeout_ms": _SECONDS * 1000}
    options.pop("bootstrap_servers")
    (await create_conn(host, port, **options)).close()
    if "sasl_mechanism" in options:
        return
    # without an account the connection alone says nothing, and the client keeps the reason to its log
    logger = logging.getLogger("aiokafka")
    before, logger.disabled = logger.disabled, True
    client = AIOKafkaClient(bootstrap_servers=f"{host}:{port}", **options)
    try:
        await client.bootstrap()
    except Exception as error:
        raise ConnectionResetError from error
    finally:
        logger.disabled = before
        await client.close()


def _refused(settings: Settings, broker: str, error: Exception) -> str:
    name = type(error).__name__
    if "Sasl" in name or "Authentication" in name:
        return (
            f"{broker} refuses the account {settings.kafka_user} by {settings.kafka_sasl_mechanism}: wrong password, "
            "no such user, or not that mechanism (KPISTREAM_KAFKA_USER, …_PASSWORD, …_PASSWORD_FILE, …_SASL_MECHANISM)"
        )
    if isinstance(error.__cause__, ssl.SSLError):
        return _tls(broker, error.__cause__, "KPISTREAM_KAFKA_CA", "KPISTREAM_KAFKA_SECURITY")
    return _hung_up(settings, broker)


def _hung_up(settings: Settings, broker: str) -> str:
    return (
        f"{broker} hangs up on a client that speaks {settings.kafka_security}: its listener wants something else "
        "(KPISTREAM_KAFKA_SECURITY)"
    )


def _tls(where: str, error: object, authority: str, protocol: str) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        why = text.partition("certificate verify failed: ")[2].partition(" (_ssl")[0]
        return f"{where} shows a certificate that is not trusted ({why}): {authority} must name its authority's file"
    return f"{where} does not speak TLS: correct the port or {protocol}"
