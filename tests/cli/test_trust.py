"""Keys, signed checkpoints, anchors and proofs on the command line (format 9)."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Done, Tcps, process


@pytest.fixture
def signed(proven: Tcps) -> Tcps:
    """A store whose key is pinned and that has a signed checkpoint of four entries."""
    assert proven("key", "generate").code == 0
    return proven


def classes(done: Done) -> list[str]:
    """The classes of integrity findings of a report on chains or on the store."""
    report = done.json
    found = (
        [*report["findings"], *(one for sku in report.get("skus") or [] for one in sku["findings"])]
        if (isinstance(report.get("skus"), list))
        else report["findings"]
    )
    return sorted(one["class"] for one in found if one["kind"] == "integrity")


def put_back(older: Path, now: Path) -> None:
    """An older copy of a store in the place of what is there."""
    shutil.rmtree(now)
    shutil.copytree(older, now)


def test_generating_a_key_pins_it_outside_of_the_store_and_signs(proven: Tcps, tmp_path: Path) -> None:
    done = proven("key", "generate", "--json")
    key = done.json
    assert key["name"].startswith("tcps/")
    assert key["signed"] == 4
    assert not Path(key["path"]).is_relative_to(tmp_path)
    assert Path(key["path"]).stat().st_mode & 0o077 == 0
    assert [(one["can_sign"], one["pinned"]) for one in proven("key", "list", "--json").json] == [
        (True, True)
    ]
    report = proven("verify", "--json").json
    assert (report["verdict"], report["signature"]) == ("intact", "valid")
    assert report["signed"] == {
        "size": 4, "name": key["name"], "key_id": key["key_id"], "others": []
    }  # fmt: skip
    again = proven("key", "generate", "--json")
    assert (again.code, again.error["details"]) == (2, {"fields": ["name"]})


def test_signing_again_covers_what_is_newer(signed: Tcps, tmp_path: Path) -> None:
    """Format 9.2."""
    signed("work-order", "create", "--title", "more")
    assert signed("verify", "--json").json["signed"]["size"] == 4
    made = signed("checkpoint", "--sign", "--json").json
    assert (made["size"], len(made["signatures"])) == (5, 1)
    assert signed("verify", "--json").json["signed"]["size"] == 5
    kept = sorted(path.name for path in (tmp_path / ".tcps/checkpoints").iterdir())
    assert kept == ["000000000004", "000000000005"]


def test_an_unsigned_checkpoint_leaves_the_signed_ones(signed: Tcps) -> None:
    signed("work-order", "create", "--title", "more")
    assert signed("checkpoint").code == 0
    report = signed("verify", "--json").json
    assert (report["verdict"], report["signed"]["size"]) == ("intact", 4)


def test_signing_needs_a_key(proven: Tcps) -> None:
    done = proven("checkpoint", "--sign", "--json")
    assert (done.code, done.error["code"]) == (13, "unreadable")
    assert done.error["hint"] == "tcps key generate"


def test_a_key_never_signs_two_histories(signed: Tcps, tmp_path: Path) -> None:
    """An older copy is put back and written to: the remembered checkpoint forbids to sign (format 9.2)."""
    older, store = tmp_path / "older", tmp_path / ".tcps"
    shutil.copytree(store, older)
    signed("work-order", "create", "--title", "one")
    assert signed("checkpoint", "--sign").code == 0
    put_back(older, store)
    assert signed("work-order", "create", "--title", "another").code == 0
    done = signed("checkpoint", "--sign", "--json")
    assert (done.code, done.error["code"]) == (12, "integrity_error")
    assert "not signed" in done.error["message"]
    assert signed("checkpoint", "--sign", "--accept-rollback").code == 2  # it is no option of signing


def test_a_store_that_has_gone_back_is_refused(proven: Tcps, tmp_path: Path) -> None:
    """Format 9.3."""
    older, store = tmp_path / "older", tmp_path / ".tcps"
    shutil.copytree(store, older)
    proven("work-order", "create", "--title", "more")
    assert proven("verify").code == 0
    put_back(older, store)
    done = proven("verify", "--json")
    assert (done.code, classes(done)) == (12, ["ROLLED_BACK"])
    assert classes(proven("verify-chain", "--all", "--json")) == ["ROLLED_BACK"]
    assert proven("verify", "--accept-rollback").code == 0
    assert proven("verify").code == 0


def test_a_store_with_another_history_is_refused(proven: Tcps, tmp_path: Path) -> None:
    older, store = tmp_path / "older", tmp_path / ".tcps"
    shutil.copytree(store, older)
    proven("work-order", "create", "--title", "more")
    assert proven("verify").code == 0
    put_back(older, store)
    proven("work-order", "create", "--title", "other")
    proven("work-order", "create", "--title", "and more")
    done = proven("verify", "--json")
    assert (done.code, classes(done)) == (12, ["FORKED"])


def test_a_store_that_is_not_clean_is_not_remembered(proven: Tcps, tmp_path: Path) -> None:
    (tmp_path / ".tcps/records/stranger").write_text("x")
    assert proven("verify").code == 12
    (tmp_path / ".tcps/records/stranger").unlink()
    assert proven("verify", "--json").json["anchors"]["consistent"] == 0


@pytest.mark.parametrize("form", ["line", "text"])
def test_an_anchor_is_taken_from_a_file(proven: Tcps, tmp_path: Path, form: str) -> None:
    made = proven("checkpoint", "--json").json
    anchor = tmp_path / "anchors.txt"
    anchor.write_text(made[form] if form == "text" else f"{made[form]}\n")
    proven("run", "--sku", "SKU-1", "--stage", "test", "-q", "--", "false")
    report = proven("verify-chain", "SKU-1", "--anchor", str(anchor), "--json").json
    assert report["anchors"] == {"given": 1, "consistent": 1, "newest_size": 4, "receipts_newer": 1}
    text = proven("verify-chain", "SKU-1", "--anchor", str(anchor)).out
    assert "the same as the anchor up to entry" in text


def test_lines_that_were_collected_are_all_compared(proven: Tcps, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors.txt"
    lines = [proven("checkpoint").out]
    proven("work-order", "create", "--title", "more")
    lines.append(proven("checkpoint").out)
    anchors.write_text("".join(lines))
    done = proven("verify", "--anchor", str(anchors), "--json")
    assert done.json["anchors"]["consistent"] == 2
    anchors.write_text(lines[0].replace(" 4 ", " 3 ") + lines[1])
    done = proven("verify", "--anchor", str(anchors), "--json")
    assert (done.code, classes(done)) == (12, ["FORKED"])
    assert done.json["findings"][0]["path"] == str(anchors)


@pytest.mark.parametrize("content", [None, "", "no checkpoint\n", "a b c\n"])
def test_without_the_anchor_that_was_named_there_is_no_verdict(
    proven: Tcps, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "anchor").write_text(content)
    for command in ("verify", "verify-chain"):
        done = proven(command, "--anchor", "anchor", "--json")
        assert (done.code, done.error["code"]) == (13, "unreadable")


def test_a_required_signature_needs_a_pinned_key(proven: Tcps, tmp_path: Path) -> None:
    assert proven("verify", "--require-signature").code == 13
    key = proven("key", "generate", "--json").json
    assert proven("verify", "--require-signature").code == 0
    auditor = {"TCPS_HOME": str(tmp_path / "auditor")}
    done = process(tmp_path, "verify-chain", "--require-signature", "--json", env=auditor)
    assert (done.code, done.json["verdict"], classes(done)) == (13, "undecided", ["NOKEY"])
    assert process(tmp_path, "verify-chain", "--key", key["key"], env=auditor).code == 0
    assert process(tmp_path, "key", "pin", key["key"], env=auditor).code == 0
    assert process(tmp_path, "verify-chain", "--require-signature", env=auditor).code == 0
    assert process(tmp_path, "key", "unpin", key["key_id"], env=auditor).code == 0
    assert process(tmp_path, "key", "unpin", key["key_id"], env=auditor).code == 4
    assert process(tmp_path, "verify", "--require-signature", env=auditor).code == 13


def test_an_unpinned_signature_is_mentioned_and_proves_nothing(signed: Tcps, tmp_path: Path) -> None:
    done = process(tmp_path, "verify", env={"TCPS_HOME": str(tmp_path / "auditor")})
    assert done.code == 0
    assert "whose key is not pinned" in done.out


def test_what_a_pinned_key_did_not_sign_is_found(signed: Tcps, tmp_path: Path) -> None:
    """Format 9.3."""
    store, auditor = tmp_path / ".tcps", {"TCPS_HOME": str(tmp_path / "other")}
    genuine = tmp_path / "genuine"
    shutil.copytree(store, genuine)
    key_file = next((tmp_path.with_name(f"{tmp_path.name}-config")).rglob("*.vkey"))

    (store / "checkpoint").write_text((store / "checkpoint").read_text().split("\n\n")[0] + "\n")
    shutil.rmtree(store / "checkpoints")
    assert classes(signed("verify", "--json")) == ["MISSING"]

    put_back(genuine, store)
    shutil.rmtree(store / "checkpoints")
    (store / "checkpoint").unlink()
    assert process(tmp_path, "key", "generate", env=auditor).code == 0
    assert classes(signed("verify", "--json")) == ["NOKEY"]

    put_back(genuine, store)
    for path in (store / "checkpoint", store / "checkpoints/000000000004"):
        text = path.read_text()
        path.write_text(text[:-10] + ("A" if text[-10] != "A" else "B") + text[-9:])
    done = signed("verify", "--json")
    assert (done.code, classes(done), done.json["signature"]) == (12, ["BADSIG", "BADSIG"], "bad")
    assert signed("key", "unpin", f"@{key_file}").code == 0
    assert signed("verify").code == 0


def test_checkpoints_that_went_back_or_are_misnamed_are_found(signed: Tcps, tmp_path: Path) -> None:
    store = tmp_path / ".tcps"
    first = (store / "checkpoint").read_bytes()
    signed("work-order", "create", "--title", "more")
    signed("checkpoint", "--sign")
    second = (store / "checkpoint").read_bytes()
    (store / "checkpoint").write_bytes(first)
    assert classes(signed("verify", "--json")) == ["ROLLED_BACK"]
    (store / "checkpoint").unlink()
    assert classes(signed("verify", "--json")) == ["MISSING"]
    (store / "checkpoint").write_bytes(second)
    (store / "checkpoints/000000000004").rename(store / "checkpoints/000000000003")
    assert classes(signed("verify", "--json")) == ["MISFILED"]
    (store / "checkpoints/000000000003").write_bytes(b"garbled\n")
    assert classes(signed("verify", "--json")) == ["UNREADABLE"]


def test_a_proof_is_checked_without_the_store(signed: Tcps, tmp_path: Path) -> None:
    """Format 9.4."""
    proof = tmp_path / "proof"
    proof.write_text(signed("prove", "RCPT-1").out)
    key = signed("key", "list", "--json").json[0]["key"]
    shutil.rmtree(tmp_path / ".tcps")
    done = signed("verify-proof", "proof", "--json")
    assert done.code == 0
    report = done.json
    assert (report["verdict"], report["entry"], report["by"]) == ("proven", 3, {"key": key})
    assert report["receipt"]["receipt_id"] == "RCPT-1"
    assert signed("verify-proof", "proof").out.startswith("proven: RCPT-1 (shacl_validation of SKU-1, pass,")
    piped = process(
        tmp_path,
        "verify-proof", "-", "--key", key,
        stdin=proof.read_bytes(),
        env={"TCPS_HOME": str(tmp_path / "nobody")},
    )  # fmt: skip
    assert piped.code == 0


def test_a_proof_that_nobody_vouches_for_is_undecided(proven: Tcps, tmp_path: Path) -> None:
    done = proven("prove", "RCPT-2", "--file", "proof")
    assert (done.out, done.err.startswith("note: its checkpoint is not signed")) == ("", True)
    other = {"TCPS_HOME": str(tmp_path / "other")}
    undecided = process(tmp_path, "verify-proof", "proof", "--json", env=other)
    assert (undecided.code, undecided.error["code"]) == (13, "unreadable")
    (tmp_path / "anchor").write_text(proven("checkpoint").out)
    assert process(tmp_path, "verify-proof", "proof", "--anchor", "anchor", env=other).code == 0
    (tmp_path / "anchor").write_text(proven("checkpoint").out.replace(" 4 ", " 3 "))
    assert process(tmp_path, "verify-proof", "proof", "--anchor", "anchor", env=other).code == 13


def test_no_byte_of_a_proof_can_be_changed(signed: Tcps, tmp_path: Path) -> None:
    """Format 9.4."""
    genuine = signed("prove", "RCPT-1").out.encode()
    shutil.rmtree(tmp_path.with_name(f"{tmp_path.name}-config") / "tcps/anchors")
    for place in range(0, len(genuine), 41):
        changed = bytearray(genuine)
        changed[place] ^= 1
        (tmp_path / "proof").write_bytes(changed)
        done = signed("verify-proof", "proof")
        assert done.code in (12, 13), place
        assert done.out == ""


def test_only_receipts_are_proven(proven: Tcps) -> None:
    assert proven("prove", "RCPT-9").code == 4
    assert proven("verify-proof", "nothing").code == 13
    assert proven("verify-proof", "nothing", "--key", "@nothing").code == 13


def test_a_ledger_that_is_not_the_signed_one_gives_no_proof(signed: Tcps, tmp_path: Path) -> None:
    ledger = tmp_path / ".tcps/ledger/000000000001.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"alice"', b'"mallo"', 1))
    done = signed("prove", "RCPT-2", "--json")
    assert (done.code, done.error["code"]) == (12, "integrity_error")


def test_a_witness_is_asked_in_its_own_format(proven: Tcps, tmp_path: Path) -> None:
    (tmp_path / "old").write_text(proven("checkpoint").out)
    proven("work-order", "create", "--title", "more")
    asked = proven("checkpoint", "--since", "old").out.split("\n\n")
    assert asked[0].startswith("old 4\n")
    assert asked[1] == (tmp_path / ".tcps/checkpoint").read_text()
    (tmp_path / "old").write_text(asked[1].replace("\n5\n", "\n3\n"))
    assert proven("checkpoint", "--since", "old").code == 12
    (tmp_path / "old").write_text("nothing\n")
    assert proven("checkpoint", "--since", "old").code == 2
    assert proven("checkpoint", "--since", "gone").code == 1


def test_a_home_that_cannot_be_written_is_a_warning(proven: Tcps, tmp_path: Path) -> None:
    done = process(tmp_path, "verify", env={"TCPS_HOME": "/proc/nobody"})
    assert (done.code, "is not remembered" in done.err) == (0, True)


def test_without_a_store_a_key_needs_a_name(bare: Tcps) -> None:
    assert bare("key", "generate").code == 10
    done = bare("key", "generate", "--name", "example.com/line", "--json")
    assert (done.code, done.json["signed"]) == (0, None)
    assert bare("key", "generate", "--name", "two words").code == 2
    assert bare("key", "pin", "nonsense").code == 2


def test_without_the_package_a_signature_leaves_no_verdict(signed: Tcps, tmp_path: Path) -> None:
    """What needs no key works without `cryptography`; what needs one says how to install it."""
    (tmp_path / "without").mkdir()
    (tmp_path / "without/cryptography.py").write_text("raise ImportError\n")
    env = {"PYTHONPATH": str(tmp_path / "without")}
    for command in (
        ["verify"],
        ["verify-chain"],
        ["checkpoint", "--sign"],
        ["key", "generate", "--name", "a"],
    ):
        done = process(tmp_path, *command, "--json", env=env)
        assert (done.code, done.error["hint"]) == (13, "pip install 'tcps[sign]'"), command
    nobody = env | {"TCPS_HOME": str(tmp_path / "nobody")}
    for command in (["verify"], ["checkpoint"], ["key", "list"], ["prove", "RCPT-1"]):
        assert process(tmp_path, *command, env=nobody).code == 0, command


def home_of(tmp_path: Path) -> Path:
    return tmp_path.with_name(f"{tmp_path.name}-config") / "tcps"


@pytest.mark.parametrize("part", ["", "anchors", "anchors/*", "keys", "keys/*.vkey"])
def test_a_link_to_a_disk_that_is_not_there_is_not_nothing(signed: Tcps, tmp_path: Path, part: str) -> None:
    """What a user keeps may lie elsewhere: while it cannot be read, nothing is decided and it stays."""
    home = home_of(tmp_path)
    (place,) = home.glob(part) if part else [home]
    place.rename(tmp_path / "away")
    place.symlink_to(tmp_path / "gone")
    for command in ("verify", "verify-chain"):
        done = signed(command, "--json")
        assert (done.code, done.error["code"], done.out) == (13, "unreadable", "")
        assert str(place) in done.error["message"]
    assert place.is_symlink()


@pytest.mark.parametrize("instead", [os.mkfifo, Path.mkdir])
def test_what_is_no_file_in_the_place_of_an_anchor_leaves_no_verdict(
    signed: Tcps, tmp_path: Path, instead: Callable[[Path], None]
) -> None:
    (anchor,) = home_of(tmp_path).glob("anchors/*")
    anchor.unlink()
    instead(anchor)
    assert signed("verify").code == 13
    assert signed("checkpoint", "--sign").code == 13


def test_a_signed_checkpoint_that_cannot_be_remembered_is_made_all_the_same(
    signed: Tcps, tmp_path: Path
) -> None:
    (home_of(tmp_path) / "lock").unlink()
    (home_of(tmp_path) / "lock").mkdir()
    signed("work-order", "create", "--title", "more")
    done = signed("checkpoint", "--sign", "--json")
    assert (done.code, done.json["size"]) == (0, 5)
    assert "warning: this checkpoint is not remembered" in done.err


def test_the_hints_lead_from_a_salvage_to_a_signed_store(signed: Tcps, tmp_path: Path) -> None:
    """Format 5.7: what was kept outside is of what is gone, which the user has to say."""
    ledger = tmp_path / ".tcps/ledger/000000000001.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"seq":3', b'"seq":7'))
    done = signed("repair", "--salvage")
    assert done.code == 0
    assert "hint: the anchors and signatures from before are of what is gone" in done.err
    broken = signed("verify")
    assert broken.code == 12
    assert "--accept-rollback" in broken.err
    assert "(no anchor holds)" in broken.out
    (key,) = signed("key", "list", "--json").json
    for command in (
        ["key", "unpin", key["key_id"]],
        ["verify", "--accept-rollback"],
        ["checkpoint", "--sign"],
        ["key", "pin", key["key"]],
        ["verify", "--require-signature"],
    ):
        assert signed(*command).code == 0, command


def test_a_collected_line_that_is_none_is_named(proven: Tcps, tmp_path: Path) -> None:
    """Empty lines are passed over (format 9.3)."""
    line = proven("checkpoint").out
    (tmp_path / "kept").write_text(f"\n{line}\n{line}\n")
    assert proven("verify", "--anchor", "kept", "--json").json["anchors"]["given"] == 2
    (tmp_path / "kept").write_text(f"{line}# of May\n")
    done = proven("verify", "--anchor", "kept", "--json")
    assert (done.code, "its line 2 is not origin, size and root" in done.error["message"]) == (13, True)
    (tmp_path / "kept").write_bytes(b"tcps\xff")
    assert "its byte 4 is not UTF-8" in proven("verify", "--anchor", "kept").err


def test_what_to_do_fits_what_was_found(proven: Tcps, tmp_path: Path) -> None:
    (tmp_path / "anchor").write_text(proven("checkpoint").out.replace(" 4 ", " 9 "))
    assert "goes on from the anchor" in proven("verify", "--anchor", "anchor").err
    assert proven("verify").err == ""
    (tmp_path / ".tcps/records/stranger").write_text("x")
    assert proven("verify").err == "hint: tcps repair --dry-run shows what can be mended\n"
    assert "tcps key pin" in proven("verify-chain", "--require-signature").err


def test_a_salvage_that_the_anchor_agrees_with_needs_no_other_anchor(signed: Tcps, tmp_path: Path) -> None:
    (tmp_path / ".tcps/checkpoint").write_text("nothing\n")
    done = signed("repair", "--salvage")
    assert (done.code, done.err) == (0, "")
    assert signed("verify").code == 0
