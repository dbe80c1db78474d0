#!/usr/bin/python3
"""aiosmtpd as a test wants it: `smtp-server.py PORT none|starttls|implicit [CERTIFICATE KEY]` knows one user (gpuwatch, s3cr3t-mail) and
wants nobody@example.org not. Says when it listens, then a JSON line for each login tried and each mail taken. What it reads it
says back, after all that was said before it."""
import json
import ssl
import sys
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()

class Mailbox:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == "nobody@example.org":
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = message_from_bytes(envelope.content, policy=policy.default)
        say(mail=mail.get_content(), subject=mail["Subject"], to=envelope.rcpt_tos, sender=envelope.mail_from,
            tls=kind == "implicit" or session.ssl is not None, user=session.authenticated and session.auth_data.login.decode())
        return "250 OK"

def login(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (b"gpuwatch", b"s3cr3t-mail")
    say(login=data.login.decode(), good=good, tls=kind == "implicit" or session.ssl is not None)
    return AuthResult(success=good, handled=good, auth_data=data)

class Server(Controller):
    def factory(self):
        starttls = context if kind == "starttls" else None
        return SMTP(self.handler, hostname="localhost", tls_context=starttls, require_starttls=starttls is not None,
                    authenticator=login, auth_required=True, auth_require_tls=starttls is not None,
                    auth_exclude_mechanism=["PLAIN"] if kind == "none" else [])

port, kind, context = int(sys.argv[1]), sys.argv[2], None
if kind != "none":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
server = Server(Mailbox(), hostname="127.0.0.1", port=port, server_hostname="localhost", ssl_context=context if kind == "implicit" else None)
server.start()
say(listens=True)
for line in sys.stdin:
    say(heard=int(line))
