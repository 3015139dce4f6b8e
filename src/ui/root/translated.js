// A browser that translates the page takes nodes away that the program goes on to change: nobody would see what it does to
// them. Chrome, Edge and Safari put a <font> or a text node in the place of a text; Firefox takes everything out of an element
// and puts back what it has a translation for, so that the comments are gone by which the program finds its places.
// Here they come back: a comment as it was; a text without its words, behind what stands for it, which goes as soon as the
// program changes that text or takes it away.
{
  // Of the text nodes only the program's are its own.
  const own = new WeakSet();
  const create = document.createTextNode;
  document.createTextNode = (words) => {
    const text = create.call(document, words);
    own.add(text);
    return text;
  };
  // What stands for a text, what it says itself, and how often it has come back: not for ever, where somebody insists.
  const stands = new WeakMap();
  const MOST = 9;

  const isText = (node) => node?.nodeType === Node.TEXT_NODE;
  const isStrange = (node) => node?.nodeName === "FONT" || (isText(node) && !own.has(node));
  // The program has changed the text or has taken it away. Another text that has the same translation says again what it says.
  const uncover = (text) => {
    const { by } = stands.get(text);
    stands.delete(text);
    for (const other of by.parentNode?.childNodes ?? []) speak(other, by);
    by.remove();
  };
  const speak = (text, by) => {
    const standing = stands.get(text);
    if (standing?.by !== by) return;
    stands.delete(text);
    text.data = standing.words;
  };
  // The strange node before it, if nothing but texts without words is between.
  const before = (node) => {
    do node = node.previousSibling;
    while (node?.nodeType === Node.COMMENT_NODE || (own.has(node) && !node.data));
    return isStrange(node) ? node : null;
  };

  const watch = new MutationObserver((records) => {
    // Where each was that was taken out, last.
    const taken = new Map();
    const translated = new Set();
    for (const { target, addedNodes, removedNodes, nextSibling } of records) {
      if (stands.has(target)) uncover(target);
      for (const node of addedNodes) if (isStrange(node) || (isText(node) && taken.has(node))) translated.add(target);
      for (const node of removedNodes) {
        taken.delete(node);
        taken.set(node, [target, nextSibling]);
      }
    }
    // From the last to the first: each finds the one before which it stood.
    for (const [node, [parent, next]] of [...taken].reverse()) {
      const standing = stands.get(node);
      if (node.isConnected) {
        // The translation is taken back.
        if (standing) speak(node, standing.by);
      } else if (translated.has(parent) && (own.has(node) || node.nodeType === Node.COMMENT_NODE)) {
        const { words = node.data, count = 0 } = standing ?? {};
        if (count === MOST) continue;
        if (own.has(node)) node.data = "";
        parent.insertBefore(node, next?.parentNode === parent ? next : null);
        const by = standing?.by ?? before(node);
        if (by) stands.set(node, { by, words, count: count + 1 });
      } else if (standing) {
        uncover(node);
      } else if (isStrange(node)) {
        for (const other of parent.childNodes) {
          const standing = stands.get(other);
          if (standing?.by !== node) continue;
          const by = before(other);
          if (by) stands.set(other, { ...standing, by });
          else speak(other, node);
        }
      }
    }
    // What was done here needs no answer.
    watch.takeRecords();
  });
  watch.observe(document.body, { subtree: true, childList: true, characterData: true });
}
