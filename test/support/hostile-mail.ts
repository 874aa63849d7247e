/** Every way HTML has of asking a server for something by itself, with the path each asks for. */
export function leaksTo(origin: string): { readonly html: string; readonly paths: readonly string[] } {
  const at = (path: string) => `${origin}/${path}`
  const ways: Readonly<Record<string, string>> = {
    'script': `<script>top.ran = true; new Image().src = '${at('script')}'; document.title = 'taken over'</script>`,
    'script-file': `<script src="${at('script-file')}"></script>`,
    'onerror': `<img src="data:image/png;base64,broken" onerror="top.ran = true; new Image().src = '${at('onerror')}'; alert('mail')">`,
    'onload': `<svg onload="top.ran = true; new Image().src = '${at('onload')}'"></svg>`,
    'img': `<img src="${at('img')}" width="300" height="20" alt="">`,
    'srcset': `<img srcset="${at('srcset')} 1x" alt="">`,
    'image': `<image src="${at('image')}">`,
    'picture': `<picture><source srcset="${at('picture')}"><img alt=""></picture>`,
    'svg': `<svg><image href="${at('svg')}" width="20" height="20"></image></svg>`,
    'iframe': `<iframe src="${at('iframe')}"></iframe>`,
    'srcdoc': `<iframe srcdoc="<img src='${at('srcdoc')}'>"></iframe>`,
    'object': `<object data="${at('object')}"></object>`,
    'embed': `<embed src="${at('embed')}">`,
    'poster': `<video poster="${at('poster')}"></video>`,
    'audio': `<audio src="${at('audio')}" autoplay></audio>`,
    'sheet': `<link rel="stylesheet" href="${at('sheet')}">`,
    'import': `<style>@import url("${at('import')}");</style>`,
    'style': `<div style="background: url('${at('style')}')">text on a picture</div>`,
    'rule': `<style>.ruled { background-image: url(${at('rule')}) }</style><p class="ruled">ruled</p>`,
    'list': `<ul style="list-style-image: url(${at('list')})"><li>item</li></ul>`,
    'background': `<table background="${at('background')}"><tr><td>cell</td></tr></table>`,
    'base/relative': `<base href="${at('base/')}"><img src="relative" width="300" height="20" alt="">`,
    'refresh': `<meta http-equiv="refresh" content="1; url=${at('refresh')}">`,
  }
  return { html: Object.values(ways).join('\n'), paths: Object.keys(ways).map((path) => `/${path}`) }
}
