/**
 * The code on a certificate's page: which statement it is of, and under which trust list it was checked.
 *
 * Format: docs/spec/certificate-page.md.  Nothing is fetched: the address is shown, and the reader goes there.
 */

import decodeQR from "qr/decode.js";
import { byId, element, fingerprint, input, put, shown } from "./elements.ts";
import { say } from "./text.ts";

/** What a code names; both in 64 hexadecimal digits. */
export interface Named {
  readonly digest: string;
  readonly listHash: string;
  readonly address?: string;
}

const FORM = /^(?:(https?:\/\/[^#\s]{1,300})#evidence=|evidence:)([0-9a-f]{64})[#&]trust=([0-9a-f]{64})$/;
/** Longer sides are made smaller: a code needs no more, and a phone's camera gives far more. */
const LONGEST = 1600;

/** Read the text of a code; undefined where it is not that of a certificate's page. */
export function parseCode(text: string): Named | undefined {
  const found = FORM.exec(text);
  const [, address, digest, listHash] = found ?? [];
  if (digest === undefined || listHash === undefined) return undefined;
  if (address === undefined) return { digest, listHash };
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return undefined;
  }
  return url.username === "" && url.password === "" ? { digest, listHash, address } : undefined;
}

function textIn(image: CanvasImageSource, width: number, height: number): string | undefined {
  const scale = Math.min(1, LONGEST / Math.max(width, height, 1));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return undefined;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  try {
    return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height));
  } catch {
    return undefined;
  }
}

function tell(text: string | undefined, found: (named: Named) => void): void {
  const place = byId("code-shown");
  const named = text === undefined ? undefined : parseCode(text);
  if (named === undefined) {
    put(place, element("p", { class: "refusal" }, say(text === undefined ? "code.none" : "code.other")));
    return;
  }
  put(
    place,
    element("p", {}, say("code.evidence"), fingerprint(named.digest)),
    element("p", {}, say("code.trust"), fingerprint(named.listHash)),
    named.address === undefined
      ? undefined
      : element(
          "p",
          {},
          `${say("code.where")} `,
          element(
            "a",
            { href: named.address, rel: "noreferrer noopener", target: "_blank" },
            shown(named.address),
          ),
        ),
    element("p", { id: "code-match" }),
  );
  found(named);
}

/** Have the image and the camera read codes. */
export function readCodes(found: (named: Named) => void): void {
  const picker = input("code-file");
  picker.addEventListener("change", () => {
    const file = picker.files?.[0];
    if (file === undefined) return;
    createImageBitmap(file)
      .then((image) => {
        tell(textIn(image, image.width, image.height), found);
      })
      .catch(() => {
        tell(undefined, found);
      });
  });
  const camera = new Camera(found);
  byId("camera").addEventListener("click", () => {
    void camera.toggle();
  });
}

function viewfinder(): HTMLVideoElement {
  const found = byId("viewfinder");
  if (!(found instanceof HTMLVideoElement)) throw new Error("the viewfinder is no video");
  return found;
}

/** The camera, while it is on. */
class Camera {
  private stream: MediaStream | undefined;
  private readonly found: (named: Named) => void;

  constructor(found: (named: Named) => void) {
    this.found = found;
  }

  async toggle(): Promise<void> {
    if (this.stream !== undefined) {
      this.stop();
      return;
    }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      put(byId("code-shown"), element("p", { class: "refusal" }, say("code.no-camera")));
      return;
    }
    const video = viewfinder();
    video.hidden = false;
    video.srcObject = this.stream;
    byId("camera").textContent = say("code.stop");
    await video.play();
    this.look(video);
  }

  private look(video: HTMLVideoElement): void {
    if (this.stream === undefined) return;
    const text = video.videoWidth === 0 ? undefined : textIn(video, video.videoWidth, video.videoHeight);
    if (text === undefined) {
      setTimeout(() => {
        this.look(video);
      }, 200);
      return;
    }
    this.stop();
    tell(text, this.found);
  }

  private stop(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    const video = viewfinder();
    video.srcObject = null;
    video.hidden = true;
    byId("camera").textContent = say("code.camera");
  }
}
