/**
 * What takes a browser long the first time, done while the visitor still points. A peer connection starts threads and
 * looks up codecs, some 40 ms; a description that is not set looks for no way, so nothing is asked of anybody.
 */
export async function warm(): Promise<void> {
  try {
    // Which way a language is written is looked up in tables that are read now.
    new Intl.Locale(navigator.language).maximize();
    const peer = new RTCPeerConnection();
    for (const kind of ["audio", "video"]) peer.addTransceiver(kind, { direction: "recvonly" });
    await peer.createOffer();
    peer.close();
  } catch {
    // The call will say what is wrong.
  }
}
