"""The example of a LogSuccession: XA's log had seven entries, of which two are left, and goes on under another name.

The checkpoints in it are those of `tests/vectors/log`, the second one with a witness's line.
"""

from typing import Any, Final

from ledger.statements.example_parties import REGISTRAR
from ledger.statements.examples_recognition import SUBJECTS as RECOGNITION

_HELD: Final = (
    "registry.example.xa/XA/2026\n"
    "2\n"
    "7EETf2jY5UlzDmU0A43RpZLiiG2br2/lx8/ezICRpLE=\n"
    "\n"
    "— registry.example.xa/XA/2026 okkr+G6JVLeHdJo7yR3jl/F+anPA0k10wWyNVO7K0iLCNqqwrGIFW08kyWpFdSzi/aGR50"
    "i9r16CGHvd76b2t49f7w4=\n"
    "— registry.example.xa/XA/2026 kOJotgAAAABrAjDm4KRn/r0F/37Zmpc6xctFB/PIMGZ8sVLaOraVNOtbNan9gGKEmkVBGR"
    "JkNx/hEd8bDOKUTgtABxR+M8ZQjdk5ashKp/dVt6hJldyihyN9DHTOzB577E4v3KweeYXKiDN/F9ZB5Jpw7AvaoCBovZYsPrZlyI"
    "IVGgFCP35OggyB6CERJ3RhrBuO/fI9MlnTtQvOgF6nDqM6UZj37kfUBuZMt+FPN5fOTg1bOYPyi4/QV/AJ6vfeIi+GIM99z0oHYH"
    "sPb7YKj48cbh4XSN4j4O1atIw+hyGe4TP/Fbu0i2W/Ua9Rs27zXUtOqspaRDka8gGJaAMXb3P2xXC0wblLwQUwJjMaVbvUlHIB9Z"
    "66thcRUP1dhCTnQfQolxjhrtBSfLXP7EQEFTiadfc7c6HJy4ncFtFtpefQddbW77Bp+9teVyByDRigFg7/RFes1MJbwcMnt/p0TA"
    "NTcGmBwhEWMKPbQcf0ZFkeek/MngpoDiKCCSR4smcxX8Cwp4HrKieuDR/f9+GK1+clvjnZg28ZN1lcPpz85vsSFRxc3FQZT+Ajna"
    "4oHyz/IGvCkhVwD9knU2gX/6YvJMeW1UXw0Kbp58ynstEqBZTeNO5fiVtRzTj3g7m7jSaWqvmVX5jmgiMaOdMusNzmw98S9ruGE8"
    "VXDIHZ2trHpEtzGrvcMNNSBQW5gjWbiyj+nyjcU4jCplSH4DRaHWrWY3HNeDi6A4pPxhtP3oF+Qhq1s/RuRWd50G5qd6/JiItZhI"
    "YAR1KlqKo5lwWRKA02HuDk1q2S+ia8JCJ1dCuS8svJ+s6oEG1wQl9vSyXYSkRl6VIIuLZe+0ixri1gxoYhT7ex2n+BOZS6H32m6B"
    "rmGNmZf4+hNF+/sZ9jI/2dXfiKZivj0irvXQZEotwNyghSH+l8gEu1afbL2d1oRLYEgUAFTIa9/8gFncExoAkO1quapLpLZ5TP+0"
    "gyQMtwHhiJglAe5Z6xpoNm35w943mOQ8HtJtoBr+axr/VsQL2QvQta5J574lsqtyBH9en7TWt8p6pUxO3EK9od0h2T2M2pAYbCm8"
    "1WHD27cGZVCAaWRf575B7GuJ701I+XSM4er8rElEc6jYB7GGmDr5HVUcNIGXJqeXW6gftrYwPsHACDQfXFqUm/rq1AHbGnNLgQ84"
    "HxW1PqZzfWLpr1TfVnEe6z6qnVo2GBo7PBmB3GXDKq/12apWGXeccoKeyEFSoQF9sRymOqSJDz+lOVdyZHIhiK5Hu01X5NIGXN51"
    "MiaLFYj9jVLzfk9qoPGrUj0iAWeujZRmeOmOY1dR2yBpqayIcXY+DBOQ2GYomWk8gL5OeZnQVcl0ghsoQUHtg1XEWBUAUdl7PJre"
    "3ZXpHezoiYc8Vlbf6E+Ze75x/TNFvqNYxhlimHkWqOxjJDOAuyOuZfxRJvStdRbDpqKAdyjUAucdS7O8i428b8ZFu5rUVulFvmaL"
    "nWQS++woehECt4lXoFUBQ4IIdP509j+LADQBcMIfPW7jnPO6ouQT3Re0aTLSRy0G7O8ukygsxnQUe1CdjRHWPsbQJuufR49VbRG+"
    "lHtRqyzmuchkr18MHnJEG87NtN1xl56q88uxmv3iJPYQhiBdqu8RLaDtx9sfIEClX/dA+4W4JD+0sUCZsAJUQQFZG1TJhnBv37Yb"
    "0kgNOsfvM9ekPdiqGr6qq/qwpw7NiYMnmtA6ZDRcFs4h7K98pCvuUvXnnXTcNxTRSckhJ/nc3XzcAZJrkj4yJkM5rQvXy7Ic64a5"
    "si/DfixYmgAxF5v8PRDHem48jz9z7mQSTGqysIdQKf3how2ZXX0W/YuWkUaqJcMtX0JUkL7UkXsrCLsJSqo7wwMNL0f9o+efORb+"
    "lKHCOwDvcbBNKH0Nbb2WQ6omtfWL1S6aSUzEXoCAWnUC8WbyjjWgbECEIv1xq3rdldhqybIfe5e5z8vmDQS5U/GoRONnx4Pqkub/"
    "8Sg7bZH12NN6Sg7fdDSY+UM1KbEky26mtwB+JYbnTPFshXRj0VECNgtpV/q5x4z7ciWWt3aN5wUR+ku2WQuEnP1DBUg9JDOBeJzd"
    "kjyOop8Ky5Pwh0fRv9cLeZy38RneVnv/2bQby/rRHRRfAYX6vbt7EUz7HLVZs2E3Hf6s4NWE2Js74aJVJGzU8bdMwcu7qz4GaG8B"
    "Z2gRN9dzHiMcQCBX463OmGoVMEsv6E3kYX3+iTGsyFUCX2pAmZrLSUdOu5EGCMNkGH7xUucfmmvCQRbiZO8mAed21FASY0lnK1wj"
    "6BPyorYnEOLGbFsGhVXJ4j6zyMzP1yQCOXmXZKgfYUC2+OWt68v5jjv8GB5FLvltd4zaFHTFdw+/NgVc1R2tD7ZSvGUFj1rP2+Zg"
    "3YAJz6dOBzKPCGQdGuFFw6E43lYR5l4+DSNnBfOJnHigIVbEOd+71zeWezIAK5CmOPX70b35wHP2y7sP07ziNwa/WWfXT76bL/xS"
    "FbsDcpa45YfBUwYNAvJJQIWirMYzwkTsnuyR0qdi+O/fYrBNktyi2hVTeyXzBms8RhqJp5aML/wvg6d1RtaSQM9LAJWJijmRhqZw"
    "ejnSLFv0+CANxQU2kEX7SYgN+cfW6t999L61xPfbcp0CEMfZT5FqNSJdxQN7w/xtCb/RSomSQqe2mEHXoxTp1Ynx7gyZx9gAgCO6"
    "wwAQOp5yxhm5IvhErHmGzOGIDL/3/p8r+JAIeETJ5AlU+gz/y2TbowtmRxP43I1XTTvB8+N0wCMc7wrKncIKaVV9LSgQGVoMctyL"
    "U59JyUj4nfMPjlGuOzXOteNmNRKeu3Lv7hn2pyELRNNfBZXpwApXYmtBehRClCbjmqHcJVN++0ShNeehtyxovTadWNnEl7H61LZx"
    "Nm2yfcsL1vM9ZGe5xvAPfuO3XWOhI93A5toCP6+5muSgQaYYdKUi3GjeQ9IYFQ0tD9j1WSosAHbdny+aCG9ytsdICFNJEXOIcZvp"
    "KaJ5R1Mdol/RFdvaM+J1RkuayMcXM5h6HoPRj2JqRnLC8cvSiNyePaYoUNldwwzWbZeh7Mb2hrfqxLjzy7YHPPVbvS3NQlBb6A8t"
    "i6IaARmtLIFPiipjcHvltSnWwGp4ZLNbtwpRRN2Dun1lYJfKEmGORLibUCBkUWRE1gY2l+qrDQ5u0ADxNARkxPWoGGiM34+hIdID"
    "pQXn+iqNHi6vsIGis7PVlhYmhuhpmoq7vFys/Q09fwAAAAAAAAAAAAAAAAAAAAAAAAAAwaJz0=\n"
    "— registry.example.xa/XA/2026 n83iBm+Y2iyN33PNdP2agVyFYU/Cs3I5Fcy0za1Sz1TLBU8PT0SZ+LHAgROVKezsrEEXrb"
    "9W6URMto8/2E5Lroalb/Yb\n"
)
_SEEN: Final = (
    "registry.example.xa/XA/2026\n"
    "7\n"
    "gLoimxfHWXM4wHlZhD49QQ2RWyoGSyKaHqJvdyh2mvc=\n"
    "\n"
    "— registry.example.xa/XA/2026 okkr+OYzBamPMG487U+Vea7nBkGQL4skeVqpxRehAvAlTT0ofOEVkaOVGbJeKhrfiMFJyD"
    "Q9nkrj8XmUV3+pvZ4CTwo=\n"
    "— registry.example.xa/XA/2026 kOJotgAAAABrAjDryU26mLpK1n2mpUxLYqkmGzpHBUuFJR2vnmAXFndY6rJ88YFO+lNcxs"
    "Pi9a0jFzCkhcZ8QIljQuPYkSrW2PLg+WnKYVZ/Vd9zwZv8uzh8CJhZR0pg1TdF0p/9TOQ0cpvwz/U1pK15Zc+jxI6tp0TnQ7TLot"
    "K3sbCXLU8WHpEdEHeO3qcOCjcc9UQw9SDFeteSGv1gN9DFnjaSMFCkAbcEYVQcAeJntkNZIwyFampvfVB57LMpzS8xTmSq3ojgqo"
    "PY58Yv+fOq1S01iujwEeABxflsgnST3fKP9BhqyLOozmGFobZIIPczRISYt9VWt2F3oQFzgMSYTddi/J79O0IRNgN+xBydwbsTai"
    "rrsikxHFPJG6+RSnAT0E35ZwdIqA2Z8nd1MiZLvNW0uXLhO43Zum5uPxG37BxIzSH8APGcZfRtdINAj3jcJmjPS3bXWZAkEga8MU"
    "xnK0BCewtmFPahpkJ2l/qXn/qcsfrEJZ+t9MCBnjpH+ygTRnJvN5mQPO9LkvlCHhf7AuXxYBS4GOAtxfqatSW1z4Cw/wHhTdDanU"
    "8dF/Jsmr6U1IRVTdP+DYkdp7Ztpy+fmDdPVBbPxzrjKw90ZPyPeyelqoVUMKk4uIHEzlbMulBHn1ztDflPdBS9LlbZLjAYHbYBoS"
    "DaiJVVI6k57/SZBfIrhrzWUN6FHW99sgcRq51/YvG+QB5uqrKrL/MYFktP+AkuX2Q+HWv0PY+RzyDCfIPBnfsAp5qsxI/ZY1X8A9"
    "wuyTlvGAMdkbpaa3IxnqzpBeRtNMKEVF6V21MDPlQr6YijLRtHVPiMPt9N3QtBDAfepofug1465aSGTo5sFOFamT8lp8pSsLSN8s"
    "4QfkmTihJx1EmtTgsEJNtYuwhJpBVg8GQ98nnZd/3x4XAR6lVzARlnsBcnnsS3q7azFpPzktVyMu47IoM8KXagRzJ8+qFdBEj617"
    "q6zqzJFs0EYYVSI63LLGru2Elrc68tObZC0n6myI3Yc+ksyRzh4IU8ZI5cxz0SRzKQoeJP590k+JsOgq2kDqNzjIsC0o5dBvj13Z"
    "nhNxbiXkk4z+tYMzeMfY2+V6K57+tgOmf8cqWMK1JW7ne0CO+alIM72MVd4mBnOVhwrdbJ/RhArBTh3AEq0q6nK4MFzR6PfNFoHP"
    "yohXal5tM04IJAmhPO08huXxxvEODVsepkFNiZc/T/lfq6cSfyzLoXzsaXwA93HJn7vkFYbVM1Je33VfoZpKarSTtkpSbb1y7SXj"
    "68gBswccdeCvAmJO0O3OLDBeu0XVDOzUhVPib9o7cuqjcQ/YDZN0+EAP+dJyPb1v7wKNY+PVD4C9MjuHls6SK55VzLo+CtsY9lVh"
    "AQOLBxskHJGbBJgjKZkgUmr+2UrtOlkT0j5LT2GSPg9MTJWfwaGvo/PVuHLWnFMbZjnGTDmTAZ9ueqaz458E+RWAi9qS5mSl4Ln5"
    "yJ0uqmSujxT7+ch6ztWjO3UPGVFusu9APyPRjuE8cALpytgj+Jw1uoXUOulT2lQH4+fIylO6Fvwjff9eTFXcdCLTCnT7ckkLfF5v"
    "vIa9MAztcRqHXZWoidgxreHu8J/5QTxMcKJLHDTVo68ftPa9Wsz7Bi8SfefXe3l8LBl9vlSdlNuuXODmbUi0yNLUKpQwXkpNA1we"
    "Tg8ZfZ7LFgaj40jJnKcE3blfDOJQgmVCTOh64BElg/iIQirxLFG30lMYlKkRwcbsalruO2o9fKBx6jGejwbjkDJyO5GtyjR0eRd4"
    "VT3VZSiPDlPo4nZ2SOwBDg57Lmvl8o1k/UNnmHb18CmLft2gIHz3jk3XlxX0AjJfCdLkanwa9EKyu+0WT1MZ4aEfEvzc76LI42Kf"
    "oHTiu4hiei9rTcwlaBhZl42xO4Pjf5zIm62db717xmO0hQji1AaqXbINbzreZoRf6RchOLA0ogqgT3goPu+tq0OYHm5K8Me9EPeh"
    "Gn9OewPfNx9BE2Kr2tSmefeNF0uco6LvhOacal+UD91hiGXGxMAR7ZuKSB21cGmZea6SCADOn9rPd3ISvHt0turGYbKhuWcWfmr5"
    "Ys6w5bPlOSTA8cE0ffy7BOv0gwxV3CrEH+ddKXGb1m5wXEvFH7Tzs/aaamxttYOEfna821in04M0RP3jffIE/Qg5D4s4msBuiYNV"
    "neuX7RGjUOoGe75PkrMiU+5RQhizEHN7hIrKVQ4HYzZ6oYYjSuyDevY45dkEO3jq+p+DNW+bxGFV96WQc4DwNUuwSSR4QUJMusdk"
    "K0tmAEFifrGuh9w87aNjP9XPBEyTJm4jMfCQsUjfxyg36g6QEuMBnIfnUwPTFxovMa0KT3WPA/e3B0s6MGRUp4WC5aWRAn8w230p"
    "ZkMSRKbJaj1xUnzTbVByFImpoZhAbDaQ6434huZfVKVhBdz4PqEfRRBZcuitnzSSNwabgZJhFlZsYoqRVWi/R21vMxd/kPlWuYT+"
    "OShMMQKdBkvpidLEumeZmkjGuA5js8EC0o5rJHXDvt7kcPGD1gj2VXSYTOSyFZuUlQEIC+jbEoiMtLfc0WqQ8kmH5eBSDEVsoLfr"
    "UTJel8ZLDIJxDVT0yce4+6oHvqGwjZQskMDVhdrDR9omv+JpClu6VyiUSzsbRyTe1yECcw4TTuiBpEJo9kMSNtuXxVZAAJB5F5RR"
    "RP3ixXa9nNI6zBDKwlTDS+AMMAEQSrajcQ6xzJmdCVF/FnCUZnVCBVNuQbFtR9FdH1IZoCSQjwZLLjeDFzffG3U6mNHbemwObNJq"
    "6X7tZQEummXOvYWr3T+M0Q8BXi8XDt4wR4eIhU5VxRxNExUGm78b4mpwVHjVqMOwU7vT2FHAeFjX7dohgDuPKBxJhGauYHBlGpQo"
    "tVN7kLFHYQsPG6DpvEzInWadIxYGW2ECkJ/roHOabt6Ntr7hOm9V0xAxwLiE1i2XIpIevz5/a6nUIWnNm0c0AaJnbl4Mx0PLZ/Jr"
    "m1dcQOEnKKgRciZ++X4LMo34HsAMlwQ3zbgYhSXWUN/LRO4YM6+rAVxklCEucWwmLkuA+RJPSMMSZSDCjPkeyDNu1lFcvs+kSRYz"
    "ZzQcM/X5RJrj3j8pyASh2Jw7vTb0GekoiHtGIwUk9pYHRJBlfNnHll/ndoi+QkJ0BDRFZzq7C81Nfv9PYTHi8/UFlcXmVreHuYnL"
    "vJzf4WHmpzdoO60uErLjZOand6gIiXz90AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA8hKjY=\n"
    "— registry.example.xa/XA/2026 n83iBoJQDccFc/H/tE1cbOA9PFoEvPH+9Y6mntB8678fwcTwVj4UjrSdUZ3xYc690pVgqX"
    "BuccPeDMfSYUGW+T70eYQc\n"
    "— witness-c.example a1TqsAAAAABrAjDoZIVxfXtXxXW3l3k4H0DypYfKmzRGEvHhnxpNXB+hKjJv/VGjf38HEyAxzjBpNf2W"
    "/e1KlsrChdpJdw+ak2ZPAQ==\n"
)
_ED25519_KEY: Final = "registry.example.xa/XA/2026-2+84a8f134+AQmtKYo7W6jOSy7nxzIwEiDc14JbfanEhAqVVSOCbf6j"
_ML_DSA_KEY: Final = (
    "registry.example.xa/XA/2026-2+5ed06d44+Btuwn3tx0svTb30z7YScoHv6VudloPsSw+4OEd/Kt6mv5JYhBhXHnXUXN+ui2"
    "kYAgi+R5IMcYWVla0OEZPmJi+ZTiJat1WqbYFoHqg4S4yXLul/lPz2V5hEvKowAdT42klfBoxztHHP8ak3xlWlJax3/t88TbeNFc"
    "oXnDhZctkw9Xen74q8sSEQgelevq00fQaQD9PrDvtyM7S716j3cMVKlUo6JeLr4KB64vB+zO6HqH5O38lOcoMoBdClYB6MWCkRtt"
    "VZU1Azni2HBMHY1LP7G0FES1AF2RiyGTOKAuMYJjq6ELr93HwasqI1vN4bTtJTZ+tW4wObYoaFll3JfoLg2/+VR89tlHJS54bdxt"
    "9GgGz/J2/6g+WdSsMAOVUl95X5PHwSdSbZZA9WAz10JA0xHWj7QGQXFS9RYvpa/W4RLILWv7my2sYcMIf5tHd+zN9HGsv8zGhls5"
    "w0Ti4bVy41HZML1W3TOu8l60pCRMWvMCCP/hsvAxVxFC34kRMyceixxgjRIgABG0FFyXjywRMsw7VIL/kBGYfDbrXpFRUc5ypxh2"
    "H+Na6Fp5+7NsVcQFznBQD9txuG12iERcl/i8bWF7ruX8Dx4+J2r9wQ38Z6X/qIP11Tq/5RhQMxhJm4pj/KMw7YPBf/z7O+QbfmMT"
    "08Wrx4UNBIWeJV2yW3ZEv4eUVPF24a0p0w4weAHjk8TwVr87f6+z2Evj8qz00eDEJUnB6e8Quv4lXCPZMdxcGp1a0Ul5ULV8EGkI"
    "I7C14LILg7r9IGrzL0ALR7k8qq6soW0q1z4+T0dHv7xDFINap0H2lJN8FTc4CKNZ/ZqQcnDiLK9KXD2zMBIcNJ1sZkbMzMNZdvrO"
    "kE3ZYM/xXKGIkgy/xQeP9NIRmjq321gToObuJ6S5VtdlOadAliupwsKtxXjh4iggLqFRgipO6me91JySJEX6jGTIjFFkOSfuLtv3"
    "yNwJ0tIzWtvjzfR4orkeh1x+TgO1zvDGaLtBRkakg8gTcSTEfodmTlGYqM5RegxVvxmMHOaB08H6PQ/LWweYzN2FaEcUjAcsOpML"
    "99i6SjX/EV3Kbu6W9DmfLuUIQkwhUE1CjhQpSwqpWNsrh6uI9D2PzKnq6iGXtHrUrs+2E2x0PM/JLR2oa2hztHNUjJZKfpxKHqBz"
    "7iHwUEKCJSQ4UivwrrEDDBeSvGSQBYpSlKe+evgznofCazBwIC6PNCIuwI7jYPqZQzf4cOO0LD86BJFhYbJR6EUi7BNQSaZyfCsH"
    "0KH8gTzN4QLGnpAWMChLk6QTW35cUrbvvSLgMvcy/os/cK95koOu0ExRLDjMxH9hFrRaZB5tfpfT6QCNb6NayXuwOpf1QVO+GytR"
    "aNnpCDkoFU7P2E3/0l6n3k/dmLjfVRVgeLHUDq9gJWV3mn7c5FQnojFLRYHIick12GhjxpUCT+vHGV8Ic7f8uYTUyksKO8SNODf3"
    "yTHyojMC3oYTlJDLx3l2iV8pGqTJKWOa4uhLzjDrZA4w8YysBrG1pEQYNL2e/mTlZRLfJXXRj9TbpBvI71gLkPRJ7fCZ51GRXkvw"
    "Ipk20XCNDCka/D1xwyvl1Gfc75y5956GWV9euOfZtkqe7zP980scYH4lzah+VBiaDztoVRBDfaICM8H74K3H+9uBNJNDoIOsozGm"
    "TOcLxjk8M0Jy5IHzAy8RMVXhzFjVxeaBLfPJR3djUHlb6CNAx0JBYUt4lavaUK5N1eQI/roBcuN6vIoIwwn3CgQHiU="
)
_SEEN_ROOT: Final = "80ba229b17c7597338c07959843e3d410d915b2a064b229a1ea26f7728769af7"
_OPERATOR: Final = "did:web:registry.example.xa"

SUBJECTS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "LogSuccession": (
        REGISTRAR,
        {
            "jurisdiction": "XA",
            "log": RECOGNITION["JurisdictionEntry"][1]["logs"][0],
            "held": {
                "size": 2,
                "root": "ec41137f68d8e549730e6534038dd1a592e2886d9baf6fe5c7cfdecc8091a4b1",
                "checkpoint": _HELD,
            },
            "lost": {"first": 2, "last": 6},
            "seen": [
                {
                    "by": "witness",
                    "name": "witness-c.example",
                    "size": 7,
                    "root": _SEEN_ROOT,
                    "checkpoint": _SEEN,
                },
                {
                    "by": "chain",
                    "name": "eip155:31001",
                    "size": 7,
                    "root": _SEEN_ROOT,
                    "anchor": "0x5fbdb2315678afecb367f032d93f642f64180aa3",
                    "block": {
                        "number": 1204,
                        "hash": "0x3b1f0f4f6b1d0c5a9a0e3f8a7c6d5b4e2f1a0918273645546372819aabbccdde",
                    },
                },
            ],
            "reason": "olderCopy",
            "at": "2026-11-22T04:00:00Z",
            "successor": {
                "origin": "registry.example.xa/XA/2026-2",
                "jurisdiction": "XA",
                "operator": _OPERATOR,
                "vkeys": [_ED25519_KEY, _ML_DSA_KEY],
                "headKeys": [{"address": "0xf230a6702b913950f9afeaaa42e82026ac928740"}],
            },
        },
    )
}
