/* Asks how far the forgetting of somebody is, until it is finished. */
"use strict";

setTimeout(() => document.getElementById("again").submit(), 2000);
