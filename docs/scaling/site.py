"""python3 docs/scaling/site.py PORT [DELAY]: every site at once, like the load of benches/scan_load.rs: a homepage of
72 kB that comes after DELAY seconds, robots.txt, a sitemap index and its two files of 650 addresses. Then

  scrapersky serve --connect-to 127.0.0.1:PORT --concurrency 256 --max-requests-per-address 10000 \\
    --max-request-rate-per-address 100000 --database-url postgres://…

It prints requests and bytes once in two seconds."""
import asyncio
import pathlib
import sys

FIXTURE = pathlib.Path(__file__).parents[2] / "tests/fixtures/pages/agency_wordpress_elementor.http"
FILLER = b"<p>" + b"We build websites for people who like them. " * 8 + b"</p>\n"
HEAD = b'<?xml version="1.0"?><%s xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
URLSET = HEAD % b"urlset" + b"".join(b"<url><loc>https://x.example/p/%d</loc></url>" % n for n in range(650)) + b"</urlset>"


def homepage():
    page = FIXTURE.read_bytes().replace(b"\r\n", b"\n").split(b"\n\n", 1)[1]
    end = page.rfind(b"</body>")
    return page[:end] + FILLER * ((72_000 - len(page)) // len(FILLER)) + page[end:]


def answer(host, path):
    if path == b"/":
        return b"text/html; charset=utf-8", HOMEPAGE
    if path == b"/robots.txt":
        return b"text/plain", b"User-agent: *\nAllow: /\nSitemap: http://%s/sitemap.xml\n" % host
    if path == b"/sitemap.xml":
        files = b"".join(b"<sitemap><loc>http://%s/s%d.xml</loc></sitemap>" % (host, n) for n in (1, 2))
        return b"application/xml", HEAD % b"sitemapindex" + files + b"</sitemapindex>"
    return (b"application/xml", URLSET) if path in (b"/s1.xml", b"/s2.xml") else None


async def serve(reader, writer):
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        host = next(line for line in lines if line.lower().startswith(b"host:")).split(b":", 1)[1].strip()
        path = lines[0].split(b" ")[1]
        if path == b"/":
            await asyncio.sleep(DELAY)
        kind, body = answer(host, path) or (b"text/plain", b"")
        status = b"200 OK" if body else b"404 Not Found"
        head = b"HTTP/1.1 %s\r\ncontent-type: %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        writer.write(head % (status, kind, len(body)) + body)
        await writer.drain()
        served[0], served[1] = served[0] + 1, served[1] + len(body)
    except (OSError, EOFError, StopIteration):
        pass
    finally:
        writer.close()


async def main():
    await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=2048)
    while True:
        await asyncio.sleep(2)
        print(f"{served[0]} requests, {served[1]} bytes", flush=True)


HOMEPAGE, served = homepage(), [0, 0]
DELAY = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
asyncio.run(main())
