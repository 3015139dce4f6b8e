#!/usr/bin/env node
// Writes src/ui/emoji/table.txt: the emoji that the picker offers, with their names in English and Chinese. To be run when
// Unicode has new emoji that systems can show by now:
//
//   npm pack emojibase-data && tar xzf emojibase-data-*.tgz && script/emoji-table.mjs package
//
// The package emojibase-data (MIT) has the names and keywords of Unicode's CLDR (Unicode License v3), and GitHub's short names.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Newer emoji are boxes on systems that people still use. */
const NEWEST = 15.1;
/** Parts of other emoji, such as skin tones. */
const COMPONENTS = 2;
const SELECTOR = '\ufe0f';

const [folder] = process.argv.slice(2);
const read = (file) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
const chinese = new Map(read('zh/data.json').map((emoji) => [emoji.hexcode, emoji]));
const shortNames = read('en/shortcodes/github.json');

const clean = (text) => text.replaceAll(/[\t|]/g, ' ').trim();
const isWordOf = (word, name) => ` ${name.replaceAll(/[_:,-]/g, ' ')} `.includes(` ${word} `);

/** The emoji with a mark where a skin tone goes: `~`, or `^` where otherwise a variation selector stands. */
function template({ emoji, skins = [] }) {
  // Unicode's list has no selector after a character that is coloured anyway.
  emoji = emoji.replaceAll(/(\p{Emoji_Presentation})\ufe0f/gu, '$1');
  const light = skins.find(({ tone }) => tone === 1 || (Array.isArray(tone) && tone.every((each) => each === 1)));
  if (!light) return emoji;
  const plain = [...emoji];
  let marked = '';
  for (const character of light.emoji) {
    if (character === '\u{1f3fb}') marked += plain[0] === SELECTOR ? (plain.shift(), '^') : '~';
    else if (character === plain[0]) marked += plain.shift();
    else throw new Error(`${emoji} and ${light.emoji} differ`);
  }
  if (plain.length > 0) throw new Error(`${emoji} and ${light.emoji} differ at the end`);
  return marked;
}

const lines = [];
let group;
for (const emoji of read('en/data.json').toSorted((a, b) => a.order - b.order)) {
  if (emoji.group === undefined || emoji.group === COMPONENTS || emoji.version > NEWEST) continue;
  if (emoji.group !== group) lines.push('');
  group = emoji.group;
  const { label, tags = [] } = chinese.get(emoji.hexcode);
  const short = [shortNames[emoji.hexcode] ?? []].flat();
  // Keywords that the names have already are left out.
  const keywords = (emoji.tags ?? []).map(clean).filter((word) => ![...short, emoji.label].some((name) => isWordOf(word, name)));
  const chineseKeywords = tags.filter((word) => /\p{Script=Han}/u.test(word) && !label.includes(word));
  const names = [short, [emoji.label, ...keywords], [label, ...chineseKeywords]].map((list) => list.map(clean).join('|'));
  lines.push([template(emoji), ...names].join('\t'));
}
writeFileSync(new URL('../src/ui/emoji/table.txt', import.meta.url), `${lines.slice(1).join('\n')}\n`);
