/* SPDX-License-Identifier: GPL-3.0-or-later */
/* html.c - pages that people open. */
#include "pages/html.h"
#include "core/ctx.h"
#include <glib.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The style, rule by rule.  --s1 .. --s4 are told apart with normal sight and with each of
 * the three kinds of colour-blindness, and stand out from the page as text does;
 * tests/unit/html.c computes both. */
static const char *const style[] = {
    ":root{color-scheme:light dark;--page:#fcfcfa;--ink:#1c1d21;--muted:#5c6068;--rule:#dcdde0;",
    "--box:#f3f3f0;--s1:#1f5fbf;--s2:#b84c00;--s3:#5a1768;--s4:#07420d;--heat:184,76,0;",
    "--shade:28,29,33}",
    "@media(prefers-color-scheme:dark){:root{--page:#15171c;--ink:#e7e7e4;--muted:#a0a4ad;",
    "--rule:#34373f;--box:#1e2128;--s1:#7db0ff;--s2:#e8853d;--s3:#f4d6ea;--s4:#99f378;",
    "--heat:232,133,61;--shade:231,231,228}}",
    "*{box-sizing:border-box}",
    "html{-webkit-text-size-adjust:100%}",
    "body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem 4rem;background:var(--page);",
    "color:var(--ink);font:1rem/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',",
    "'DejaVu Sans',sans-serif;overflow-wrap:anywhere}",
    "a{color:var(--s1)}",
    "a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--s1);",
    "outline-offset:2px}",
    ".skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;padding:.3rem .6rem;",
    "background:var(--page);z-index:1}",
    ".kind{margin:0;color:var(--muted)}",
    "h1{margin:0 0 .5rem;font-size:2rem;line-height:1.15;letter-spacing:-.015em}",
    "h2{margin:0 0 .75rem;font-size:1.35rem;line-height:1.25;letter-spacing:-.01em}",
    "h3{margin:1.5rem 0 .4rem;font-size:1rem}",
    "p{margin:.5rem 0;max-width:42rem}",
    ".note,figcaption,caption{color:var(--muted);font-size:.875rem;line-height:1.45}",
    "section{margin-top:2.5rem;padding-top:1.25rem;border-top:1px solid var(--rule)}",
    "nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:1.25rem 0 0;padding:0;",
    "list-style:none}",
    ".facts{display:flex;flex-wrap:wrap;align-items:flex-end;gap:.75rem 2rem;margin:1rem 0}",
    ".facts dt{color:var(--muted);font-size:.875rem}",
    ".facts dd{margin:0;font-size:1.25rem;font-variant-numeric:tabular-nums}",
    ".facts .main dd{font-size:2.5rem;line-height:1.1;font-weight:650;letter-spacing:-.02em;",
    "color:var(--s1)}",
    ".warning{padding:.5rem .75rem;border-left:4px solid var(--s2);background:var(--box)}",
    "figure{margin:1rem 0}",
    "figcaption{margin-top:.4rem;max-width:42rem}",
    ".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));",
    "gap:0 2rem}",
    ".fit{display:flex;flex-wrap:wrap;gap:0 2rem}",
    ".scroll{overflow-x:auto;max-width:100%;padding-bottom:.4rem}",
    ".pair .scroll,.fit .scroll{margin:1rem 0}",
    /* A shade at the side where there is more to see: covers move with what is scrolled. */
    ".scroll,pre{--over:var(--page);--dark:rgba(var(--shade),.35);--sides:",
    "linear-gradient(to right,var(--over) 40%,transparent) 0 0/2.5rem 100% no-repeat local,",
    "linear-gradient(to left,var(--over) 40%,transparent) 100% 0/2.5rem 100% no-repeat local,",
    "linear-gradient(to right,var(--dark),transparent) 0 0/.9rem 100% no-repeat scroll,",
    "linear-gradient(to left,var(--dark),transparent) 100% 0/.9rem 100% no-repeat scroll;",
    "background:var(--sides),var(--over)}",
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9375rem}",
    "caption{text-align:left;padding-bottom:.4rem;caption-side:top}",
    "caption span{display:block;max-width:calc(100vw - 2rem)}",
    "th,td{padding:.25rem .75rem .25rem 0;text-align:left;vertical-align:baseline;",
    "border-bottom:1px solid var(--rule);overflow-wrap:normal}",
    "thead th{color:var(--muted);font-weight:400;font-size:.875rem;vertical-align:bottom}",
    "tbody th{font-weight:400}",
    "th.n,td.n{text-align:right;padding:.25rem 0 .25rem .9rem;white-space:nowrap}",
    "th.n+th:not(.n),th.n+td:not(.n),td.n+td:not(.n){padding-left:.75rem}",
    "th.name{min-width:min(16rem,40vw)}",
    /* A long table scrolls under its heads, with a shade above and below, too. */
    ".scroll:has(tr:nth-child(41)){max-height:85vh;overflow-y:auto;background:",
    "linear-gradient(to bottom,var(--over) 40%,transparent) 0 0/100% 2.5rem no-repeat local,",
    "linear-gradient(to top,var(--over) 40%,transparent) 0 100%/100% 2.5rem no-repeat local,",
    "linear-gradient(to bottom,var(--dark),transparent) 0 0/100% .9rem no-repeat scroll,",
    "linear-gradient(to top,var(--dark),transparent) 0 100%/100% .9rem no-repeat scroll,",
    "var(--sides),var(--over)}",
    ".scroll:has(tr:nth-child(41)) :is(thead,tbody) th{position:sticky;left:0;",
    "background:var(--page)}",
    ".scroll:has(tr:nth-child(41)) thead th{top:0;z-index:1}",
    ".scroll:has(tr:nth-child(41)) thead th:first-child{z-index:2}",
    ".scroll:has(tr:nth-child(41)) thead th+th{left:auto}",
    "pre{margin:.75rem 0;padding:.75rem;--over:var(--box);overflow-x:auto;",
    "font:.875rem/1.45 ui-monospace,Menlo,Consolas,'Liberation Mono','DejaVu Sans Mono',monospace}",
    "code{font-family:ui-monospace,Menlo,Consolas,'Liberation Mono','DejaVu Sans Mono',monospace;",
    "font-size:.9em}",
    "pre .same{color:var(--muted)}pre strong{color:var(--s1)}",
    "dl.words{margin:.5rem 0;max-width:42rem;font-size:.9375rem}dl.words dt{font-weight:600}",
    "dl.words dd{margin:0 0 .5rem}",
    "details{margin:.75rem 0}summary{cursor:pointer;color:var(--s1)}",
    "img{display:block;max-width:100%;image-rendering:pixelated}",
    "img.ink{mix-blend-mode:multiply}",
    "@media(prefers-color-scheme:dark){img.ink{filter:invert(1);mix-blend-mode:screen}}",
    "@media(prefers-color-scheme:dark){img.photo{filter:invert(1) hue-rotate(180deg);",
    "mix-blend-mode:screen}}",
    "svg.plot{display:block;margin:.5rem 0;width:100%;max-width:32rem;height:auto;font-size:12px;",
    "font-variant-numeric:tabular-nums}",
    "svg text{fill:var(--muted)}svg .strong{fill:var(--ink)}",
    "svg .grid{stroke:var(--rule);stroke-width:1}",
    "svg .axis{stroke:var(--muted);stroke-width:1}",
    "svg .whisker{stroke:var(--ink);stroke-width:1.25}",
    "svg .over{stroke:var(--page);stroke-width:3px;paint-order:stroke}",
    "svg .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}",
    "svg .dashed{stroke-dasharray:5 4}",
    "svg .k0{stroke:var(--muted);stroke-width:1.25}",
    "svg .k1{stroke:var(--s1)}svg .k2{stroke:var(--s2)}",
    "svg .k3{stroke:var(--s3)}svg .k4{stroke:var(--s4)}",
    "svg .f0{fill:var(--muted)}svg .f1{fill:var(--s1)}svg .f2{fill:var(--s2)}",
    "svg .f3{fill:var(--s3)}svg .f4{fill:var(--s4)}",
    /* --em: about how wide the table is, so that its letters can be as large as fit. */
    "table.heat{font-size:clamp(.6875rem,calc(min(100vw - 2rem,58rem)/var(--em)),.9375rem)}",
    "table.heat td,table.heat thead th{padding:.25em .4em;text-align:right;min-width:2.4em}",
    "table.heat td{border:1px solid var(--page);background:rgba(var(--heat),var(--a,0))}",
    "table.heat td.hit{font-weight:600;background:rgba(var(--shade),.06)}",
    "table.heat td.none{color:var(--muted)}",
    "table.heat th{border:0;font-size:inherit}table.heat tbody th{padding:.25em .4em .25em 0;",
    "text-align:right}",
    "table.heat tr>:first-child{position:sticky;left:0;background:var(--page)}",
    ".heard{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);",
    "white-space:nowrap}table.heat td{position:relative}",
    "table.heat.dense td,table.heat.dense th{padding:.15em .2em;min-width:0}",
    "table.heat caption span{min-width:min(20rem,100vw - 2rem)}",
    /* Long names: upright over the columns, and beside the lines as wide as there is room. */
    "table.upright th>span{display:inline-block;text-align:left;line-height:1.2}",
    "table.upright thead th+th>span{writing-mode:vertical-rl;transform:rotate(180deg);",
    "max-height:min(24em,40vw)}",
    "table.upright tbody th>span{width:max-content;max-width:min(24em,40vw);text-align:right}",
    "ol.flow{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem 1.9rem;margin:1rem 0;",
    "padding:0;list-style:none}",
    ".flow li{position:relative}",
    ".flow>li:not(:last-child)::after{content:'\\2192';position:absolute;right:-1.5rem;top:50%;",
    "transform:translateY(-50%);color:var(--muted)}",
    ".node{display:flex;flex-direction:column;justify-content:center;min-width:6.5rem;",
    "max-width:14rem;padding:.5rem .75rem;border:1px solid var(--rule);border-radius:.35rem;",
    "background:var(--box)}",
    ".node.learns{border-color:var(--s1);border-width:2px}",
    ".node span{font-size:.8125rem;color:var(--muted);line-height:1.35}",
    ".node .gives{color:var(--ink)}",
    ".fork{align-self:center}.fork>ul{margin:0;padding:0 .6rem;list-style:none;",
    "border:1px solid var(--rule);border-width:0 1px;border-radius:.8rem}",
    ".fork ol.flow{margin:0;padding:.5rem 0}.fork>ul>li+li{border-top:1px dashed var(--rule)}",
    ".strip-names{display:grid;grid-template-columns:repeat(var(--n),minmax(0,1fr));",
    "text-align:center;",
    "font-size:.875rem;font-variant-numeric:tabular-nums;white-space:nowrap}",
    ".strip-names>span{overflow:hidden;text-overflow:ellipsis}.strip-names .wrong{color:var(--s2)}",
    ".strip-title{margin:.6rem 0 .1rem;max-width:none}.strip-title strong{font-weight:600}",
    "img.strip{width:100%;height:auto}",
    ".cards,.tiles{display:grid;gap:1.25rem;margin:1rem 0;padding:0;list-style:none;",
    "grid-template-columns:repeat(auto-fill,minmax(min(100%,13rem),1fr))}",
    ".card{display:grid;grid-template-columns:5.25rem 1fr;gap:.4rem .75rem;align-items:start}",
    ".card p{margin:0}.card .near{grid-column:1/-1;width:10.5rem;height:auto}",
    ".card .near-names{grid-column:1/-1;font-size:.75rem}img.mistake{width:5.25rem;height:auto}",
    ".scores{margin:.2rem 0 0;padding:0;list-style:none;font-size:.875rem;",
    "font-variant-numeric:tabular-nums}.scores .truth{color:var(--s1);font-weight:600}",
    ".tiles{gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(6rem,1fr));",
    "font-size:.8125rem;color:var(--muted)}.tiles img{width:100%;height:auto}",
    /* A photo below boxes keeps its colours on a dark page, too. */
    "svg.sheet{display:block;width:100%;height:auto;text-anchor:middle;font-weight:650}",
    ".sheet rect{fill:none;stroke-width:var(--line)}",
    ".sheet .sure{stroke:#1f5fbf}.sheet .unsure{stroke:#b84c00;stroke-dasharray:6 4}",
    ".sheet .other{stroke:#6a6d75}",
    ".sheet text{stroke:#fff!important;stroke-width:.18em;stroke-dasharray:none!important;",
    "stroke-linejoin:round;paint-order:stroke}",
    ".sheet text.sure{fill:#1f5fbf}.sheet text.unsure{fill:#b84c00}",
    ".seen{display:grid;gap:1rem;margin:1rem 0;padding:0;list-style:none;",
    "grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr))}",
    ".seen li{display:grid;grid-template-columns:4.5rem 4.5rem;gap:.4rem;align-items:end;",
    "font-size:.8125rem;color:var(--muted)}",
    ".seen img{width:4.5rem;height:4.5rem;object-fit:contain}.seen img.cut{image-rendering:auto}",
    ".seen p{grid-column:1/-1;margin:0}.seen strong{color:var(--ink);font-size:1rem}",
    ".tiles.small{grid-template-columns:repeat(auto-fill,minmax(4rem,1fr));font-size:.75rem}",
    ".stages{display:grid;gap:1.5rem 2rem;margin:1rem 0;padding:0;list-style:none;",
    "grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr))}",
    ".stages li{min-width:0}.stages h3{margin:0}.stages p{margin:.15rem 0}",
    ".stages li:target{outline:2px solid var(--s1);outline-offset:.4rem}",
    /* One of several orders: the one whose button is pressed.  No script. */
    ".order>label{margin-right:1rem;cursor:pointer;white-space:nowrap}",
    ".order>input{accent-color:var(--s1)}",
    ".order>div{display:none;margin-top:.75rem}",
    ".order>input:nth-of-type(1):checked~div:nth-of-type(1),",
    ".order>input:nth-of-type(2):checked~div:nth-of-type(2),",
    ".order>input:nth-of-type(3):checked~div:nth-of-type(3),",
    ".order>input:nth-of-type(4):checked~div:nth-of-type(4){display:block}",
    "input:focus-visible{outline:3px solid var(--s1);outline-offset:2px}",
    "@media(max-width:40rem){ol.flow{flex-direction:column;align-items:flex-start;gap:1.6rem}",
    ".flow>li:not(:last-child)::after{content:'\\2193';right:auto;left:1.5rem;top:100%;",
    "transform:none}.strip-names{font-size:.6875rem}h1{font-size:1.75rem}}",
    "@media print{:root{color-scheme:light;--page:#fff}html{font-size:9.5pt}",
    "body{max-width:none;padding:0}nav,.skip,.order>input,.order>label{display:none}",
    "section{margin-top:1.2rem}",
    "figure,tr,pre,.card,.stages li,.tiles li,.node{break-inside:avoid}",
    "h2,h3,h2+p,thead{break-after:avoid}",
    ".scroll:has(tr:nth-child(41)){overflow:visible;max-height:none;background:none}",
    ".scroll{overflow:visible;background:none}.fit{display:block}pre{white-space:pre-wrap}",
    "table.heat{font-size:min(.9375rem,calc(180mm/var(--em)))}th.n,td.n{padding-left:.5rem}",
    "table.heat td,pre,.node{-webkit-print-color-adjust:exact;print-color-adjust:exact}}",
};

/* ------------------------------------------------------------------ text */

/* XML has no place for control characters, however they are written. */
static void put_char(FILE *f, char ch)
{
    if (ch == '<')
        fputs("&lt;", f);
    else if (ch == '>')
        fputs("&gt;", f);
    else if (ch == '&')
        fputs("&amp;", f);
    else if (ch == '"')
        fputs("&quot;", f);
    else if ((unsigned char)ch < ' ' && ch != '\n' && ch != '\t')
        fputs("\xef\xbf\xbd", f);
    else
        putc(ch, f);
}

void mp_html_text(FILE *f, const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    for (const char *at = valid; *at != '\0'; at++) {
        /* U+FFFE and U+FFFF can be written in UTF-8, but are no characters. */
        const bool none = strncmp(at, "\xef\xbf", 2) == 0 && (unsigned char)at[2] >= 0xbe;
        put_char(f, none ? '\0' : *at);
        at += none ? 2 : 0;
    }
    g_free(valid);
}

static void put_formatted(FILE *f, const char *fmt, va_list ap)
{
    char *text = g_strdup_vprintf(fmt, ap);
    mp_html_text(f, text);
    g_free(text);
}

void mp_html_printf(FILE *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_formatted(f, fmt, ap);
    va_end(ap);
}

/* What stands before and after the text of a variadic function. */
#define WRAPPED(f, before, fmt, after)   \
    do {                                 \
        va_list ap_;                     \
        fputs(before, f);                \
        va_start(ap_, fmt);              \
        put_formatted(f, fmt, ap_);      \
        va_end(ap_);                     \
        fputs(after, f);                 \
    } while (0)

void mp_html_p(FILE *f, const char *fmt, ...)
{
    WRAPPED(f, "<p>", fmt, "</p>\n");
}

void mp_html_note(FILE *f, const char *fmt, ...)
{
    WRAPPED(f, "<p class=\"note\">", fmt, "</p>\n");
}

void mp_html_fact(FILE *f, const char *what, const char *fmt, ...)
{
    fputs("<div><dt>", f);
    mp_html_text(f, what);
    WRAPPED(f, "</dt><dd>", fmt, "</dd></div>\n");
}

void mp_html_link(FILE *f, const char *path, const char *text)
{
    char *escaped = g_uri_escape_string(path, "/", FALSE);
    fprintf(f, "<a href=\"%s\">", escaped);
    mp_html_text(f, text);
    fputs("</a>", f);
    g_free(escaped);
}

void mp_html_figure(FILE *f)
{
    fputs("<figure>\n", f);
}

void mp_html_caption(FILE *f, const char *fmt, ...)
{
    WRAPPED(f, "<figcaption>", fmt, "</figcaption>\n</figure>\n");
}

void mp_html_fold(FILE *f, const char *fmt, ...)
{
    WRAPPED(f, "<details><summary>", fmt, "</summary>\n");
}

void mp_html_unfold(FILE *f)
{
    fputs("</details>\n", f);
}

/* Reachable by keyboard, so that what is too wide can be scrolled without a mouse. */
void mp_html_code(FILE *f, const char *text)
{
    fputs("<pre tabindex=\"0\"><code>", f);
    mp_html_text(f, text);
    fputs("</code></pre>\n", f);
}

/* ---------------------------------------------------------------- tables */

void mp_html_table(struct mp_html_table *t, FILE *f, const char *caption,
                   const struct mp_column *column, int n)
{
    *t = (struct mp_html_table){ .f = f, .column = column, .n = n };
    fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", f);
    mp_html_text(f, caption);
    fputs("\"><table><caption><span>", f);
    mp_html_text(f, caption);
    fputs("</span></caption>\n<thead><tr>", f);
    for (int i = 0; i < n; i++) {
        fputs(column[i].number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">", f);
        mp_html_text(f, column[i].title);
        fputs("</th>", f);
    }
    fputs("</tr></thead>\n<tbody>\n", f);
}

void mp_html_cell_begin(struct mp_html_table *t, const char *attributes)
{
    const bool first = t->at == 0;
    fprintf(t->f, "%s<%s%s%s%s>", first ? "<tr>" : "", first ? "th scope=\"row\"" : "td",
            t->column[t->at].number ? " class=\"n\"" : "", *attributes != '\0' ? " " : "",
            attributes);
}

void mp_html_cell_end(struct mp_html_table *t)
{
    fputs(t->at == 0 ? "</th>" : "</td>", t->f);
    t->at = (t->at + 1) % t->n;
    if (t->at == 0)
        fputs("</tr>\n", t->f);
}

void mp_html_cell(struct mp_html_table *t, const char *fmt, ...)
{
    mp_html_cell_begin(t, "");
    WRAPPED(t->f, "", fmt, "");
    mp_html_cell_end(t);
}

void mp_html_cell_rest(struct mp_html_table *t, const char *fmt, ...)
{
    fprintf(t->f, "<td colspan=\"%d\">", t->n - t->at);
    WRAPPED(t->f, "", fmt, "");
    t->at = t->n - 1;
    mp_html_cell_end(t);
}

void mp_html_table_end(struct mp_html_table *t)
{
    fputs("</tbody></table></div>\n", t->f);
}

/* -------------------------------------------------------------- pictures */

/* What would be seen there, in words. */
static void missed(struct mp_ctx *c, FILE *f, const char *alt, const char *why)
{
    c->run->pictures_missed++;
    mp_warn(c, "pictures are left out of a page: %s", why);
    fputs("<span class=\"note\">[", f);
    mp_html_text(f, alt);
    fputs("]</span>", f);
}

int mp_html_picture(struct mp_ctx *c, FILE *f, const struct mp_picture *p, const char *kind,
                    const char *alt)
{
    uint8_t *png;
    size_t n;
    struct mp_ctx own; /* what goes wrong is a warning, no failure */
    mp_ctx_init(&own, c->run);
    const int rc = mp_picture_png(&own, p, &png, &n);
    if (rc < 0 && c->run == NULL)
        return mp_fail(c, "%s", own.msg);
    if (rc < 0)
        missed(c, f, alt, own.msg);
    mp_ctx_free(&own);
    if (rc < 0)
        return MP_OK;
    fprintf(f, "<img class=\"%s\" width=\"%d\" height=\"%d\" alt=\"", kind, p->w, p->h);
    mp_html_text(f, alt);
    fputs("\" src=\"", f);
    mp_png_uri(f, png, n);
    fputs("\" />", f);
    free(png);
    return MP_OK;
}

/* --------------------------------------------------------------- the page */

int mp_html_open(struct mp_ctx *c, struct mp_html *h)
{
    memset(h, 0, sizeof *h);
    for (int i = 0; i < 3; i++)
        if (mp_text_open(c, &h->text[i]) < 0) {
            mp_html_close(h);
            return -1;
        }
    h->head = h->text[0].f;
    h->list = h->text[1].f;
    h->f = h->text[2].f;
    return MP_OK;
}

void mp_html_close(struct mp_html *h)
{
    for (int i = 0; i < 3; i++)
        mp_text_discard(&h->text[i]);
    memset(h, 0, sizeof *h);
}

void mp_html_section(struct mp_html *h, const char *id, const char *title)
{
    if (h->sections++ > 0)
        fputs("</section>\n", h->f);
    fprintf(h->f, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">", id, id,
            id);
    mp_html_text(h->f, title);
    fputs("</h2>\n", h->f);
    fprintf(h->list, "<li><a href=\"#%s\">", id);
    mp_html_text(h->list, title);
    fputs("</a></li>\n", h->list);
}

/* A policy of the page itself: it could not load anything if it wanted to. */
static void write_head(FILE *to, const char *kind, const char *name)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
          "<meta charset=\"utf-8\" />\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'; img-src data:\" />\n<title>", to);
    mp_html_printf(to, "%s \xe2\x80\x93 %s", name, kind);
    fputs("</title>\n<link rel=\"icon\" href=\"data:,\" />\n<style>\n", to);
    for (size_t i = 0; i < sizeof style / sizeof *style; i++)
        fprintf(to, "%s\n", style[i]);
    fputs("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the content</a>\n"
          "<header>\n<p class=\"kind\">", to);
    mp_html_text(to, kind);
    fputs("</p>\n<h1>", to);
    mp_html_text(to, name);
    fputs("</h1>\n", to);
}

int mp_html_write(struct mp_ctx *c, struct mp_html *h, const char *kind, const char *name,
                  FILE *to)
{
    for (int i = 0; i < 3; i++)
        if (fflush(h->text[i].f) != 0 || ferror(h->text[i].f))
            return mp_fail(c, "no memory for the page");
    write_head(to, kind, name);
    fputs(h->text[0].at, to);
    fputs("</header>\n", to);
    if (h->sections > 1)
        fprintf(to, "<nav aria-label=\"Sections\"><ul>\n%s</ul></nav>\n", h->text[1].at);
    fprintf(to, "<main id=\"main\">\n%s%s</main>\n</body>\n</html>\n", h->text[2].at,
            h->sections > 0 ? "</section>\n" : "");
    return MP_OK;
}
