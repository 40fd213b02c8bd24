"""Keep makers' codecs, say what their fields mean, attach them to models of device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from devices.codecs.meanings import kept, read_lines
from devices.codecs.models import Codec, CodecUse
from devices.codecs.runner import Source, read_source
from foundation.attachments.store import keep
from foundation.errors import Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from devices.inventory.models import DeviceModel

MEDIA_TYPE = "text/javascript"


def add_codec(
    session: Session, *, maker: str, name: str, version: str, licence: str, source: bytes, meanings: str = ""
) -> Codec:
    """Keep a codec with its licence; `meanings` explains its fields, a line each. What is kept is never changed."""
    explained = read_lines(meanings)
    read_source(source, name)
    known = session.scalar(select(Codec).where(Codec.maker == maker, Codec.name == name, Codec.version == version))
    if known is not None:
        raise Refusal(
            "Le codec « {title} » est déjà gardé ; donnez au nouveau un autre numéro de version.",
            field="version",
            title=known.title,
        )
    attachment = keep(session, source, name=f"{name}.js", media_type=MEDIA_TYPE)
    codec = Codec(maker=maker, name=name, version=version, licence=licence, source=attachment, meanings=kept(explained))
    session.add(codec)
    session.flush()
    return codec


def explain(session: Session, codec: Codec, meanings: str) -> Codec:
    """Say what the fields of `codec` mean from now on; what has been stored stays as it was read."""
    codec.meanings = kept(read_lines(meanings))
    session.flush()
    return codec


def attach(session: Session, codec: Codec, model: DeviceModel) -> CodecUse:
    """Let `codec` read what devices of `model` send, in place of the one that did."""
    use = session.scalar(select(CodecUse).where(CodecUse.model_id == model.id).with_for_update())
    if use is None:
        use = CodecUse(model=model, codec=codec)
        session.add(use)
    elif use.codec_id == codec.id:
        raise Refusal(
            "Le codec « {title} » lit déjà les capteurs du modèle {model}.",
            field="model",
            title=codec.title,
            model=model.title,
        )
    use.codec = codec
    session.flush()
    return use


def source_of(codec: Codec) -> Source:
    """Return `codec` as what can be run."""
    return read_source(codec.source.content, codec.title, codec.source.sha256)
