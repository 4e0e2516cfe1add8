//! Which certificates are taken, by a server that has them.

use std::sync::Arc;
use std::time::Duration;

use lanner_oci::{Client, Error, Nobody, Options, Scope};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A server with this certificate, that answers 200 to all; gives its address.
async fn serve(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> String {
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("localhost:{}", listener.local_addr().expect("its address").port());
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

async fn asked(registry: &str, certificates: Option<&str>) -> Result<u16, String> {
    let options = Options {
        registry: registry.to_owned(),
        plain_http: false,
        certificates: certificates.map(|pem| pem.as_bytes().to_vec()),
        user_agent: "test",
        connect: Duration::from_secs(60),
        silence: Duration::from_secs(60),
        retries: 4,
    };
    let client = Client::new(&options, Arc::new(Nobody)).map_err(|error| error.to_string())?;
    let asked = async {
        let url = client.url("v2/").await?;
        client.send(&Scope::Registry, |http| http.get(url.clone())).await
    };
    asked.await.map(|response| response.status().as_u16()).map_err(|error: Error| error.to_string())
}

fn names(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).expect("names")
}

#[tokio::test]
async fn what_is_given_is_trusted_and_nothing_else() {
    let key = KeyPair::generate().expect("a key");
    let own = names(&["localhost"]).self_signed(&key).expect("a certificate");
    // As `openssl req -x509` makes it: an authority, which a server is not supposed to be.
    let mut params = names(&["localhost"]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).expect("a certificate");
    for certificate in [&own, &authority] {
        let server = serve(vec![certificate.der().clone()], &key).await;
        assert_eq!(asked(&server, Some(&certificate.pem())).await, Ok(200));
        // That another is given, or none, does not help it.
        let other = names(&["localhost"]).self_signed(&KeyPair::generate().expect("a key")).expect("a certificate");
        for given in [None, Some(other.pem())] {
            let refusal = asked(&server, given.as_deref()).await.expect_err("refused");
            assert!(refusal.starts_with("its certificate is"), "{refusal}");
        }
    }
}

#[tokio::test]
async fn what_an_authority_signed_is_trusted() {
    let (ca_key, key) = (KeyPair::generate().expect("a key"), KeyPair::generate().expect("a key"));
    let mut params = names(&[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&ca_key).expect("a certificate");
    let leaf = names(&["localhost"]).signed_by(&key, &Issuer::from_params(&params, &ca_key)).expect("a certificate");
    let server = serve(vec![leaf.der().clone()], &key).await;
    assert_eq!(asked(&server, Some(&authority.pem())).await, Ok(200));
    assert_eq!(
        asked(&server, None).await,
        Err("its certificate is by an authority that is not trusted here (--ca-file names more)".to_owned()),
        "it has TLS, so it is not asked without"
    );
}

#[tokio::test]
async fn what_is_given_is_for_its_name_and_its_time() {
    let key = KeyPair::generate().expect("a key");
    for ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let mut other = names(&["registry.example.org"]);
        other.is_ca = ca;
        let other = other.self_signed(&key).expect("a certificate");
        let server = serve(vec![other.der().clone()], &key).await;
        assert_eq!(asked(&server, Some(&other.pem())).await, Err("its certificate is for another name".to_owned()));
        let mut old = names(&["localhost"]);
        old.is_ca = ca;
        old.not_before = rcgen::date_time_ymd(2020, 1, 1);
        old.not_after = rcgen::date_time_ymd(2021, 1, 1);
        let old = old.self_signed(&key).expect("a certificate");
        let server = serve(vec![old.der().clone()], &key).await;
        assert_eq!(asked(&server, Some(&old.pem())).await, Err("its certificate has expired".to_owned()));
    }
}

#[tokio::test]
async fn what_is_no_certificate_is_refused() {
    for (pem, why) in [("", "it has no certificate"), ("nonsense", "it has no certificate")] {
        assert_eq!(asked("localhost:1", Some(pem)).await, Err(why.to_owned()));
    }
}
