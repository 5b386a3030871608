"""How is a picture of a page kept small? As a PNG of at most 256 colours, which is all that a page needs."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: The most frequent colours stay as they are, so that a card is told from its ground; of the others those that are alike in
#: their first bits become one of them, with as many bits as fit.
COUNT = """async picture => {
  const image = await createImageBitmap(await (await fetch("data:image/png;base64," + picture)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) || 0) + 1);
  const often = [...counts].sort((a, b) => b[1] - a[1]).map(([pixel]) => pixel);
  const kept = often.slice(0, 48), exact = new Map(kept.map((pixel, place) => [pixel, place]));
  for (let bits = 8; ; bits--) {
    const byte = 0xff & (0xff << (8 - bits)), mask = byte | (byte << 8) | (byte << 16);
    const palette = [...kept], places = new Map();
    kept.forEach((pixel, place) => places.has(pixel & mask) || places.set(pixel & mask, place));
    for (const pixel of often) if (!places.has(pixel & mask)) places.set(pixel & mask, palette.push(pixel) - 1);
    if (palette.length > 256) continue;
    const indices = Uint8Array.from(pixels, pixel => exact.get(pixel) ?? places.get(pixel & mask));
    const reader = new FileReader();
    const read = new Promise(done => (reader.onload = () => done(reader.result.split(",")[1])));
    reader.readAsDataURL(new Blob([indices]));
    return { width: image.width, height: image.height, palette, indices: await read };
  }
}"""


def smaller(page: Page, picture: bytes) -> bytes:
    """The PNG as one with a palette; `page` is any, it counts the colours."""
    found = page.evaluate(COUNT, base64.b64encode(picture).decode())
    width, height, indices = found["width"], found["height"], base64.b64decode(found["indices"])
    rows = b"".join(b"\0" + indices[start : start + width] for start in range(0, width * height, width))
    palette = b"".join((colour & 0xFFFFFF).to_bytes(3, "little") for colour in found["palette"])
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
