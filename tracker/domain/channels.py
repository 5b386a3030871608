"""Channel table: which media, sources, click ids and referring domains belong to which channel.

Sources: parameters that ad networks and mail services document for their links, and the domains their services answer at.
"""

from __future__ import annotations

SEARCH, SOCIAL, EMAIL, AI, SHOPPING, VIDEO = "Search", "Social", "Email", "AI assistants", "Shopping", "Video"
REFERRAL, DIRECT, CAMPAIGN = "Referral", "Direct", "Campaign"
CHANNELS = (SEARCH, SOCIAL, EMAIL, AI, SHOPPING, VIDEO, CAMPAIGN, REFERRAL, DIRECT)


def _all(channel: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), channel)


#: Query parameter that an ad or a mail adds -> channel. Names are as they are written in addresses.
CLICK_IDS = {
    **_all(SEARCH, "gclid gbraid wbraid dclid msclkid yclid"),
    **_all(SOCIAL, "fbclid ttclid twclid li_fat_id igshid epik ScCid rdt_cid"),
    **_all(EMAIL, "mc_eid mkt_tok _kx vero_id"),
    **_all(SHOPPING, "srsltid"),
}
#: `utm_medium` -> channel. Media that say only that it was paid (`cpc`, `paid`) are none of these: their source says where.
MEDIUMS = {
    **_all(EMAIL, "email e-mail e_mail mail newsletter"),
    **_all(SOCIAL, "social social-network social-media social_media sm paid-social paid_social paidsocial"),
    **_all(SEARCH, "organic search paid-search paid_search paidsearch"),
    **_all(VIDEO, "video"),
    **_all(SHOPPING, "shopping"),
    **_all(REFERRAL, "referral link"),
    **_all(AI, "ai chatbot llm"),
    **_all(CAMPAIGN, "display banner affiliate affiliates retargeting print qr sms push"),
}
#: `utm_source` -> channel, beside the brands and domains below.
SOURCES = {
    **_all(EMAIL, "newsletter email e-mail mailchimp klaviyo brevo octeth"),
    **_all(
        SOCIAL, "fb ig tw meta twitter x tiktok snapchat threads whatsapp telegram discord bluesky mastodon"
    ),
    **_all(SEARCH, "adwords googleads google-ads bingads"),
    **_all(AI, "chatgpt openai claude perplexity gemini copilot"),
}
#: Channels whose brands count on each of their subdomains; those of search and shopping have mail, sign-in and payment there.
ANYWHERE = (SOCIAL, VIDEO)
#: The label before a brand on which its home answers.
HOME_LABELS = frozenset(["www", "m", "search", "images", "news", "lens", "smile", "mobile"])
#: The label before the end of a domain, for services with a domain in many countries -> channel.
BRANDS = {
    **_all(SEARCH, "google bing yahoo yandex baidu duckduckgo ecosia qwant startpage naver seznam kagi"),
    **_all(SHOPPING, "amazon ebay etsy aliexpress walmart idealo geizhals"),
    **_all(SOCIAL, "facebook instagram linkedin pinterest reddit tumblr vk xing"),
    **_all(VIDEO, "youtube vimeo twitch dailymotion"),
}
#: Android package of a referring app -> channel; others are referrals.
APPS = {
    **_all(SEARCH, "com.google.android.googlequicksearchbox"),
    **_all(EMAIL, "com.google.android.gm com.microsoft.office.outlook com.yahoo.mobile.client.android.mail"),
    **_all(
        SOCIAL,
        "com.facebook.katana com.instagram.android com.twitter.android com.linkedin.android com.reddit.frontpage",
    ),
}
#: A domain or a subdomain with its own meaning -> channel. The longest that fits is taken.
DOMAINS = {
    **_all(
        AI,
        "chatgpt.com chat.openai.com claude.ai perplexity.ai gemini.google.com copilot.microsoft.com grok.com",
    ),
    **_all(AI, "chat.mistral.ai chat.deepseek.com meta.ai you.com poe.com"),
    **_all(EMAIL, "mail.google.com mail.yahoo.com outlook.live.com outlook.office.com outlook.office365.com"),
    **_all(
        EMAIL,
        "mail.proton.me web.de gmx.net deref-gmx.net deref-web.de mail.yandex.ru mail.yahoo.co.jp",
    ),
    **_all(SEARCH, "search.brave.com so.com sogou.com ya.ru"),
    **_all(SHOPPING, "shopping.google.com shopping.yahoo.com"),
    **_all(
        SOCIAL,
        "t.co x.com twitter.com lnkd.in threads.net threads.com bsky.app mastodon.social news.ycombinator.com",
    ),
    **_all(
        SOCIAL, "tiktok.com snapchat.com discord.com web.whatsapp.com t.me web.telegram.org quora.com fb.me"
    ),
    **_all(VIDEO, "youtu.be"),
}
