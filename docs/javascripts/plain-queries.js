/* What is typed into the search is words, messages of programs above all: lunr, which searches, reads a colon as the name
   of a field, and stumbles over numbers that stand alone. Neither reaches it. */
{
  const plain = (words) =>
    words
      .split(/[^\p{L}\p{N}_]+/u)
      .filter((word) => /\p{L}/u.test(word))
      .join(" ");
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    const query = typeof message?.data === "string";
    return post.call(this, query ? { ...message, data: plain(message.data) } : message, ...rest);
  };
}
