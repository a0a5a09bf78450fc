// The onsite engine: shows the payment page in a frame and tells the merchant's page how it ended.
// Call `payfast_do_onsite_payment({uuid, return_url, cancel_url})`, or give a function of the result as second argument.
(function () {
  "use strict";
  var host = new URL(document.currentScript.src).origin;

  window.payfast_do_onsite_payment = function (payment, callback) {
    var container = document.createElement("div");
    container.id = "payfast_div_container";
    container.style.cssText = "position:fixed;inset:0;z-index:2147483647;background:rgb(6 14 14 / .5);display:grid;place-items:center";
    var frame = document.createElement("iframe");
    frame.id = "payfast_compact_engine_iframe";
    frame.title = "PayFast payment";
    frame.src = host + "/eng/process/payment/" + encodeURIComponent(payment.uuid) + "?onsite";
    frame.style.cssText = "border:0;border-radius:12px;width:min(100%,480px);height:min(100%,720px)";
    container.appendChild(frame);
    document.body.appendChild(container);

    window.addEventListener("message", function listener(event) {
      var data = event.data || {};
      if (event.origin !== host || data.requestFunction !== "payfast_close_payment_popup") return;
      window.removeEventListener("message", listener);
      container.remove();
      if (typeof callback === "function") {
        callback(data.requestData === true);
        return;
      }
      var next = data.requestData === true ? payment.return_url : payment.cancel_url;
      if (next) window.location.assign(next);
    });
  };
})();
