"""Commands for those who do not trust the store: checkpoint, key, prove, verify-proof."""

from pathlib import Path
from typing import Annotated

import typer

from tcps.cli.base import (
    AnchorFiles,
    Command,
    KeyTexts,
    completion,
    content,
    context,
    examples_text,
    group,
    opened,
    outside,
    say,
    single,
)
from tcps.errors import NoStore, TcpsError, deciding
from tcps.model import Json
from tcps.render import columns, counted

_KEYS = columns("name", "key_id", "can_sign", "pinned", "key")


def _checkpoint(
    ctx: typer.Context,
    sign: Annotated[bool, typer.Option("--sign", help="Sign it with the store's key.")] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="FILE",
            help="Print what a C2SP witness takes: the proof that the ledger goes on from the one in FILE.",
        ),
    ] = None,
    anchors: AnchorFiles = None,
) -> None:
    """Write the checkpoint of the ledger and print it as one line: keep that line somewhere else.

    Before it is signed, every earlier checkpoint and every anchor is compared with the ledger.
    """
    from tcps.service import proofs

    with opened(ctx) as (store, out):
        made = proofs.checkpoint(store, outside(ctx, anchors), sign=sign)
        if since is not None:
            out.record(made | {"request": (asked := proofs.consistency(store, since))}, asked.splitlines())
        else:
            out.record(made, [made["line"]])


def _prove(
    ctx: typer.Context,
    receipt_id: Annotated[
        str, typer.Argument(metavar="RECEIPT", help="A receipt.", autocompletion=completion("receipt"))
    ],
    file: Annotated[
        str | None, typer.Option("--file", metavar="FILE", help="Write the proof there, not to stdout.")
    ] = None,
) -> None:
    """Write the proof that a receipt is in the ledger: one file that verify-proof checks without the store.

    It holds the receipt, its place in the tree and the newest signed checkpoint that covers it, in the
    format C2SP tlog-proof.
    """
    from tcps.service import proofs

    with opened(ctx) as (store, out):
        made = proofs.prove(store, receipt_id)
        if file is not None:
            _write(Path(file), made["proof"])
        out.record(made, [] if file is not None else made["proof"].splitlines())
        if not made["signatures"]:
            say("note: its checkpoint is not signed; whoever checks the proof needs that as an anchor")


def _verify_proof(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A proof; - is standard input.")],
    keys: KeyTexts = None,
    anchors: AnchorFiles = None,
) -> None:
    """Check a proof, without the store: exits with 0 when proven, 12 when it does not hold.

    13: it fits its checkpoint, and no pinned or given key and no anchor vouches for that.
    """
    from tcps.service import proofs

    _, out = context(ctx)
    with deciding():
        report = proofs.verify_proof(content(file, "the proof"), outside(ctx, anchors, keys))
    receipt, shown, by = report["receipt"], report["checkpoint"], report["by"]
    believed = f"signed by {by['key']}" if "key" in by else f"that of {by['anchor']}"
    out.record(
        report,
        [
            f"proven: {receipt['receipt_id']} ({receipt['stage']} of {receipt['sku_id']},"
            f" {receipt['status']}, {receipt['timestamp']}) is in entry {report['entry']}"
            f" of {shown['origin']}; its checkpoint of {counted(shown['size'], 'entry')} is {believed}"
        ],
    )


key = group("Keys that sign checkpoints, and keys that are pinned.")


@key.command(
    cls=Command,
    name="generate",
    epilog=examples_text("tcps key generate\ntcps key generate --name example.com/line"),
)
def generate(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Option("--name", help="The key's name; else the store's origin.")
    ] = None,
) -> None:
    """Make a signing key for the store, outside of it, pin it, and sign a first checkpoint with it."""
    from tcps.service import proofs

    try:
        with opened(ctx) as (store, out):
            made = proofs.generate_key(store, outside(ctx).home, name)
    except NoStore:
        if name is None:
            raise
        out = context(ctx).out
        made = proofs.generate_key(None, outside(ctx).home, name)
    lines = [made["key"]]
    out.record(made, lines)
    say(f"the signing key is in {made['path']}: it belongs where the store's writers cannot read it")
    if made["signed"] is not None:
        say(f"signed a checkpoint of {counted(made['signed'], 'entry')}; from now on one must be signed")


@key.command(cls=Command, name="list", epilog=examples_text("tcps key list\ntcps key list --json"))
def list_keys(ctx: typer.Context) -> None:
    """List your keys, and those of others that you have pinned."""
    from tcps.service import proofs

    out = context(ctx).out
    out.table(proofs.list_keys(outside(ctx).home), _KEYS, "there is no key")


@key.command(cls=Command, name="pin", epilog=examples_text("tcps key pin tcps/0123456789abcdef+12345678+AQ…"))
def pin(
    ctx: typer.Context,
    text: Annotated[
        str, typer.Argument(metavar="VKEY", help="What key generate printed; - or @FILE reads it.")
    ],
) -> None:
    """Pin the key of a store: its checkpoints must be signed by it from now on."""
    from tcps.service import proofs

    _pinned(ctx, proofs.pin_key(outside(ctx).home, _key_text(text)), "pinned")


@key.command(cls=Command, name="unpin", epilog=examples_text("tcps key unpin 12345678"))
def unpin(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(metavar="VKEY|ID", help="The key, or its id in hex.")],
) -> None:
    """Pin a key no longer."""
    from tcps.service import proofs

    _pinned(ctx, proofs.unpin_key(outside(ctx).home, _key_text(text)), "no longer pinned")


def _pinned(ctx: typer.Context, done: Json, word: str) -> None:
    context(ctx).out.record(done, [f"{done['name']} {done['key_id']} is {word}"])


def _key_text(value: str) -> str:
    from tcps.cli.base import text

    return text(value, "the key") or ""


def _write(path: Path, proof: str) -> None:
    try:
        path.write_text(proof, encoding="utf-8", newline="\n")
    except OSError as error:
        raise TcpsError(f"cannot write {path}: {error.strerror}") from error


checkpoint = single(
    _checkpoint,
    """tcps checkpoint >> ../anchors.txt
    tcps checkpoint --sign
    tcps checkpoint --since ../anchors.txt""",
)
prove = single(_prove, "tcps prove RCPT-1 > RCPT-1.tlog-proof\ntcps prove RCPT-1 --file RCPT-1.tlog-proof")
verify_proof = single(
    _verify_proof,
    """tcps verify-proof RCPT-1.tlog-proof
    tcps verify-proof RCPT-1.tlog-proof --key tcps/0123456789abcdef+12345678+AQ…
    tcps verify-proof RCPT-1.tlog-proof --anchor anchors.txt""",
)
