// Keeps the app working when the browser translates the page.
//
// A translator replaces the nodes that the app goes on to change, so its changes would show nowhere. Chrome, Edge and Safari
// put a <font> or a text node in the place of a text node. Firefox empties an element and puts back the nodes that it has
// translated, without the comments that mark the app's places.
//
// This script puts the app's nodes back: a comment as it was, and a text node, emptied, after its translation. When the app
// changes or removes that text node, the translation goes.
{
  // The text nodes that the app has created; all others are the translator's.
  const own = new WeakSet();
  const create = document.createTextNode;
  document.createTextNode = (data) => {
    const text = create.call(document, data);
    own.add(text);
    return text;
  };
  // For an emptied text node: its translation `by`, its original `text`, and how often it was put back, in case a translator
  // keeps removing it.
  const translations = new WeakMap();
  const MAX_RESTORES = 9;

  const isText = (node) => node?.nodeType === Node.TEXT_NODE;
  const isForeign = (node) => node?.nodeName === "FONT" || (isText(node) && !own.has(node));
  // Removes the translation of a text node that the app has changed or removed. Other text nodes with the same translation
  // show their original text again.
  const removeTranslation = (text) => {
    const { by } = translations.get(text);
    translations.delete(text);
    for (const other of by.parentNode?.childNodes ?? []) showOriginal(other, by);
    by.remove();
  };
  // Shows the original text of a node, if its translation is `by`.
  const showOriginal = (text, by) => {
    const translation = translations.get(text);
    if (translation?.by !== by) return;
    translations.delete(text);
    text.data = translation.text;
  };
  // The foreign node before a node, if there are only comments and emptied text nodes in between.
  const foreignBefore = (node) => {
    do node = node.previousSibling;
    while (node?.nodeType === Node.COMMENT_NODE || (own.has(node) && !node.data));
    return isForeign(node) ? node : null;
  };

  const observer = new MutationObserver((records) => {
    // For each removed node, the place that it was last removed from.
    const removed = new Map();
    // The elements that a translator has changed.
    const translated = new Set();
    for (const { target, addedNodes, removedNodes, nextSibling } of records) {
      if (translations.has(target)) removeTranslation(target);
      for (const node of addedNodes) if (isForeign(node) || (isText(node) && removed.has(node))) translated.add(target);
      for (const node of removedNodes) {
        removed.delete(node);
        removed.set(node, [target, nextSibling]);
      }
    }
    // From the last to the first, so that each node finds the one that followed it.
    for (const [node, [parent, next]] of [...removed].reverse()) {
      const translation = translations.get(node);
      if (node.isConnected) {
        // The translator has put the original back.
        if (translation) showOriginal(node, translation.by);
      } else if (translated.has(parent) && (own.has(node) || node.nodeType === Node.COMMENT_NODE)) {
        const { text = node.data, count = 0 } = translation ?? {};
        if (count === MAX_RESTORES) continue;
        if (own.has(node)) node.data = "";
        parent.insertBefore(node, next?.parentNode === parent ? next : null);
        const by = translation?.by ?? foreignBefore(node);
        if (by) translations.set(node, { by, text, count: count + 1 });
      } else if (translation) {
        removeTranslation(node);
      } else if (isForeign(node)) {
        for (const other of parent.childNodes) {
          const translation = translations.get(other);
          if (translation?.by !== node) continue;
          const by = foreignBefore(other);
          if (by) translations.set(other, { ...translation, by });
          else showOriginal(other, node);
        }
      }
    }
    // The changes that were made here are no news.
    observer.takeRecords();
  });
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
}
