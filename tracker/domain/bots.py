"""Bot detection: is a user agent that of a robot? A verdict needs evidence that no browser of a person gives.

The list of crawlers (crawler-user-agents) grows by what was seen in logs, and what was seen there is at times an app that
people use, or the build of their phone. So a name of the list is evidence by itself in an agent that is no browser's; in
a browser's it is evidence where it is not the phone's build, not the name of an app that people use, and the browser is
not built into an app. A name that says what it is (bot, crawler, spider, …) is evidence everywhere.
"""

from __future__ import annotations

import re

from crawleruseragents import CRAWLER_PATTERNS

#: How agents of browsers, and of apps that show pages with the browser of the system, begin and what they name.
_BROWSER = re.compile(r"Mozilla/\d.*(?:AppleWebKit/|Gecko/[\d.]+ |Trident/|MSIE \d|Presto/)", re.DOTALL)
#: A browser that is built into an app: Android's WebView, Electron, and iOS' view, which does not say Safari.
_EMBEDDED = re.compile(
    r"; wv\)|Version/4\.0 Chrome/|Electron/|\bWebView\b|\((?:iPhone|iPad|iPod)(?!.*Safari/)", re.DOTALL
)
#: Words of programs that say what they are. Cubot makes telephones; MSIE and its followers call themselves compatible.
_WORDS = re.compile(
    r"(?<![Cc][Uu])bot(?![a-z])|crawl|spider|slurp|headless|lighthouse|synthetic|phantomjs|selenium|playwright"
    r"|puppeteer|pagespeed|web preview|bingpreview|linkcheck|pingdom|uptime|favicon"
    r"|\+?https?://|\bcompatible; (?!MSIE |Konqueror|Googletoolbar|ms-office)",
    re.IGNORECASE,
)
#: What people's agents hold beside the browser: the build of a device, and names of apps. They are no evidence, whatever a
#: list says of them: Sogou and Steam make browsers, Slack calls its window Sonic, the others show links in their apps.
_OF_PEOPLE = re.compile(
    r"Build/[^;)]*|\bSE 2\.X MetaSr [\d.]+|\bSogou(?:MSE|MobileBrowser|Search|Gecko)[^\s,;)]*|\bSonic/|\bValve Steam[^;)]*"
    r"|\b(?:Code|Cursor|Windsurf|Trae|Notion|Slack|Slack_SSB|Discord|discord|Asana|Teams|Obsidian|Figma|Postman|Bluesky|Feedly"
    r"|Viber|Tumblr|PayPal|Goodreads|Blackboard|upday|Mastodon|WhatsApp|Telegram|Pinterest|Instagram|Snapchat|Line|LINE|Flipboard"
    r"|Instapaper|NewsBlur|Reeder|Miniflux|MetaIAB|FBAN|FBAV|Steam|Zoom|Skype|Evernote|Todoist|Medium|Quora|Reddit|Shazam"
    r"|Nextcloud|NextCloud|Fluid|Silk)\b(?!-)(?: Client| App| for \w+)?[/ ]?",
)
#: Proxies through which mailbox providers, and others, fetch a picture when a person looks at it.
_IMAGE_PROXIES = re.compile(
    r"GoogleImageProxy|YahooMailProxy|YahooCacheSystem|FastmailUA|StartpagePrivateImageProxy|github-camo"
    r"|DuckDuckGo-Image-Proxy|ProtonMail|\bOutlook-Express|Shortwave Image Fetcher"
)
NO_USER_AGENT = "no user agent"


def image_proxy(user_agent: str) -> str | None:
    """The proxy that fetches pictures of mails for a person, if it is one's agent."""
    match = _IMAGE_PROXIES.search(user_agent)
    return match and match[0]


def bot_reason(user_agent: str, is_image: bool) -> str | None:
    """What gives a robot away, or None for a person's agent; `is_image`: it fetched the picture of a mail."""
    if not user_agent.strip():
        return NO_USER_AGENT
    if is_image and image_proxy(user_agent):
        return None
    if not _BROWSER.match(user_agent):
        match = _WORDS.search(user_agent) or CRAWLER_PATTERNS.case_sensitive.search(user_agent)
        return match and _shown(CRAWLER_PATTERNS.case_sensitive.search(user_agent) or match)
    rest = _OF_PEOPLE.sub(" ", user_agent)
    found = CRAWLER_PATTERNS.case_sensitive.search(rest)
    said = _WORDS.search(rest)
    if said or (found and not _EMBEDDED.search(user_agent)):
        return _shown(found or said)
    return None


def _shown(match: re.Match[str] | None) -> str:
    return (match[0].strip(" /(;+") if match else "") or "robot"
