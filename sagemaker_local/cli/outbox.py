"""The mails that SNS would have sent, for a person or for a program."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from sagemaker_local.ministack.outbox import read_mails
from sagemaker_local.records.mail import Mail
from sagemaker_local.settings import Settings


def shown_mails(settings: Settings, *, limit: int | None, is_json: bool) -> str:
    """Show the newest `limit` mails, all without one, newest last; as JSON they are one list of objects."""
    mails = read_mails(settings.ministack_path)[-(limit or 0) :]
    if is_json:
        return json.dumps([asdict(mail) for mail in mails], indent=2)
    if not mails:
        return f"no mails (root {settings.root})"
    return _text(mails)


def _text(mails: Sequence[Mail]) -> str:
    shown = "\n\n".join(f"{_head(mail)}\n\n{_indented(mail.body)}" for mail in mails)
    # JSON can hold half a character, which no terminal takes.
    return shown.encode("utf-8", "replace").decode()


def _head(mail: Mail) -> str:
    return f"time:    {mail.time}\nto:      {mail.to}\ntopic:   {mail.topic}\nsubject: {mail.subject}"


def _indented(body: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in body.splitlines())
